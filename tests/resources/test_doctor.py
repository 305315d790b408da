"""openclaw_doctor on Fly.io's ground: each finding has a broken twin, and the healthy twin has none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from support.platform import Outcome, Platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.config import MAINTENANCE_KEY
from ansible_collections.openclaw.fly.plugins.module_utils._fly.volumes.restoring import RESTORING
from fly_emulator.state.model import Event, IpAssignment, Machine

DAY = 86400.0
TOML: dict[str, Any] = {
    "primary_region": "iad",
    "build": {"image": "ghcr.io/openclaw/openclaw:2026.9.6"},
    "processes": {"app": "node dist/index.js gateway --allow-unconfigured --port 3000 --bind lan"},
    "env": {
        "OPENCLAW_STATE_DIR": "/data",
        "OPENCLAW_GATEWAY_PORT": "3000",
        "NODE_OPTIONS": "--max-old-space-size=1536",
    },
    "mounts": {"source": "data", "destination": "/data", "processes": ["app"]},
    "vm": [{"size": "shared-cpu-2x", "memory": "2gb", "processes": ["app"]}],
    "kill_signal": "SIGTERM",
    "kill_timeout": "300s",
    "restart": [{"policy": "always"}],
    "http_service": {
        "internal_port": 3000,
        "processes": ["app"],
        "force_https": True,
        "auto_stop_machines": "off",
        "auto_start_machines": True,
        "min_machines_running": 1,
    },
}
CHECK = {"type": "http", "port": 3000, "path": "/healthz", "grace_period": "3m0s", "interval": "15s", "timeout": "5s"}


class Twin:
    """A gateway that is healthy, and made ill for a while behind the API's back."""

    def __init__(self, fly: Platform, app: str) -> None:
        self.fly, self.app = fly, app

    @property
    def machine(self) -> Machine:
        return self.fly.machines(self.app)[0]

    def examine(self, **params: Any) -> Outcome:
        outcome = self.fly.module("openclaw_doctor", app=self.app, grounds=["fly"], exposure="public", **params)
        assert not outcome.failed, outcome
        assert outcome.writes == [] and not outcome.changed
        return outcome

    def ids(self, **params: Any) -> list[str]:
        return [found["id"] for found in self.examine(**params)["findings"]]

    @contextmanager
    def ill(self, change: Callable[[Twin], object]) -> Iterator[None]:
        record = self.fly.app(self.app)
        assert record
        machine = self.machine
        kept = copy.deepcopy((record.ips, record.volumes, record.secrets, record.hostnames))
        state = copy.deepcopy((machine.current, machine.events, machine.state, machine.host_status))
        others, lines = set(record.machines), self.fly.context.logbook._open(self.app)
        logged = list(lines)
        self.fly.on_loop(lambda: change(self))
        try:
            yield
        finally:

            def heal() -> None:
                record.ips, record.volumes, record.secrets, record.hostnames = kept
                machine.current, machine.events, machine.state, machine.host_status = state
                machine.cordoned = False
                for identity in set(record.machines) - others:
                    del record.machines[identity], self.runners[identity]
                lines.clear()
                lines.extend(logged)

            self.fly.on_loop(heal)

    # Ways to be ill

    def config(self, **changes: Any) -> None:
        self.machine.current.config.update(changes)

    def env(self, **changes: str | None) -> None:
        env = {**self.machine.config["env"], **changes}
        self.config(env={name: value for name, value in env.items() if value is not None})

    def service(self, **changes: Any) -> None:
        self.config(services=[{**self.machine.config["services"][0], **changes}])

    def command(self, text: str) -> None:
        self.config(init={"cmd": text.split()})

    def metadata(self, key: str, value: str) -> None:
        self.config(metadata={**self.machine.config["metadata"], key: value})

    def exits(self, code: int, times: int = 1, oom: bool = False) -> None:
        now = int(self.fly.context.clock.now() * 1000)
        ended = {"exit_event": {"exit_code": code, "oom_killed": oom, "requested_stop": False}}
        events = [Event(f"event-{n}", "exit", "stopped", "flyd", now, ended) for n in range(times)]
        self.machine.events[:0] = events

    def another_machine(self, **config: Any) -> None:
        record = self.fly.app(self.app)
        assert record
        twin = copy.deepcopy(self.machine)
        twin = replace(twin, id="4d891234567890", current=replace(twin.current, config={**twin.config, **config}))
        record.machines[twin.id], self.runners[twin.id] = twin, self.runners[self.machine.id]

    @property
    def runners(self) -> dict[str, Any]:
        return self.fly.thread.emulator.fleet.runners

    def volume(self, **changes: Any) -> None:
        record = self.fly.app(self.app)
        assert record
        (identity,) = record.volumes
        record.volumes[identity] = replace(record.volumes[identity], **changes)

    def another_volume(self) -> None:
        record = self.fly.app(self.app)
        assert record
        (volume,) = record.volumes.values()
        record.volumes["vol_spare"] = replace(volume, id="vol_spare", attached_machine_id=None, snapshots=[])

    def addresses(self, *kinds: str) -> None:
        record = self.fly.app(self.app)
        assert record
        values = {"private_v6": "fdaa:0:1::2", "v6": "2a09:8280:1::1"}
        record.ips = [IpAssignment(values[kind], kind, "", 0.0) for kind in kinds]

    def log(self, line: str) -> None:
        self.fly.context.logbook.append(self.app, line, self.machine.id, "iad")

    @property
    def now(self) -> float:
        return float(self.fly.context.clock.now())


@pytest.fixture(scope="module")
def twin(fly: Platform) -> Twin:
    app = "doctor-twin"
    assert not fly.module("fly_app", name=app, org="personal").failed
    fly.module("fly_ips", app=app, shared_v4=True, v6=1)
    fly.module("fly_volume", app=app, name="data", region="iad")
    fly.module("fly_secrets", app=app, secrets={"OPENCLAW_GATEWAY_TOKEN": "f" * 64})
    fly.advance(10)  # a machine of after the secrets has them
    assert not fly.module("fly_deploy", app=app, definition=TOML).failed
    made = Twin(fly, app)
    fly.on_loop(lambda: made.config(checks={"gateway": CHECK}))
    return made


def no_secrets(twin: Twin) -> None:
    record = twin.fly.app(twin.app)
    assert record
    record.secrets = {}


def new_secret(twin: Twin) -> None:
    record = twin.fly.app(twin.app)
    assert record
    old = record.secrets["OPENCLAW_GATEWAY_TOKEN"]
    record.secrets["NEW"] = replace(old, digest="0000", updated_at=twin.now + 60)


STARTS = "node dist/index.js gateway"
BROKEN: dict[str, Callable[[Twin], object]] = {
    "fly.no_machine": lambda twin: twin.metadata("fly_process_group", "fly_app_console"),
    "fly.not_started": lambda twin: setattr(twin.machine, "state", "stopped"),
    "fly.crash_loop": lambda twin: (twin.exits(1, 3), twin.config(checks={})),
    "fly.out_of_memory": lambda twin: twin.exits(137, oom=True),
    "fly.heap_exit": lambda twin: twin.exits(134),
    "machine.exit_78": lambda twin: (twin.exits(78, 2), setattr(twin.machine, "state", "stopped")),
    "fly.stuck": lambda twin: (setattr(twin.machine, "state", "replacing"), setattr(
        twin.machine.current, "version", "01H0000000000000000000000A")),
    "fly.host_unreachable": lambda twin: setattr(twin.machine, "host_status", "unreachable"),
    "fly.maintenance": lambda twin: twin.metadata(MAINTENANCE_KEY, "true"),
    "fly.restore_cut_off": lambda twin: twin.metadata(RESTORING, '{"snapshot": "vs_1", "volumes": []}'),
    "fly.cordoned": lambda twin: setattr(twin.machine, "cordoned", True),
    "fly.two_machines": lambda twin: twin.another_machine(),
    "fly.one_off": lambda twin: twin.another_machine(metadata={"fly_process_group": "fly_app_console"}),
    "fly.restart_policy": lambda twin: twin.config(restart={"policy": "on-failure"}),
    "fly.kill_timeout": lambda twin: twin.config(stop_config={}),
    "fly.memory_small": lambda twin: twin.config(guest={"cpu_kind": "shared", "cpus": 1, "memory_mb": 512}),
    "fly.heap_ratio": lambda twin: twin.env(NODE_OPTIONS="--max-old-space-size=1900"),
    "fly.moving_image": lambda twin: twin.config(image="ghcr.io/openclaw/openclaw:latest"),
    "fly.port": lambda twin: twin.service(internal_port=8080),
    "fly.bind": lambda twin: twin.command(f"{STARTS} --port 3000 --bind 0.0.0.0"),
    "fly.launch_leftovers": lambda twin: (twin.service(internal_port=8080), twin.config(mounts=[])),
    "fly.autostop": lambda twin: twin.service(autostop="stop"),
    "fly.no_check": lambda twin: twin.config(checks={}),
    "fly.check_path": lambda twin: twin.config(checks={"gateway": {**CHECK, "path": "/readyz"}}),
    "fly.check_grace": lambda twin: twin.config(checks={"gateway": {**CHECK, "grace_period": "5s"}}),
    "fly.gateway_port_env": lambda twin: twin.env(OPENCLAW_GATEWAY_PORT=None),
    "fly.skipped_parts": lambda twin: twin.env(OPENCLAW_SKIP_CHANNELS="1"),
    "fly.no_volume": lambda twin: twin.config(mounts=[]),
    "fly.state_off_volume": lambda twin: twin.env(OPENCLAW_STATE_DIR="/home/node/.openclaw"),
    "fly.volume_unreachable": lambda twin: twin.volume(host_status="unreachable"),
    "fly.two_volumes": lambda twin: twin.another_volume(),
    "fly.no_snapshots": lambda twin: twin.volume(auto_backup_enabled=False),
    "fly.snapshot_old": lambda twin: twin.volume(created_at=twin.now - 5 * DAY),
    "fly.no_backup": lambda twin: twin.volume(created_at=twin.now - 9 * DAY),
    "fly.no_address": lambda twin: twin.addresses(),
    "fly.no_service": lambda twin: twin.config(services=[]),
    "fly.private_redirect": lambda twin: twin.addresses("private_v6"),
    "fly.staged_secrets": new_secret,
    "fly.token_missing": no_secrets,
    "fly.secret_in_env": lambda twin: twin.env(ANTHROPIC_API_KEY="sk-ant-api03-" + "aB3" * 20),
    "fly.log_restart_limit": lambda twin: twin.log("machine has reached its max restart count of 10"),
    "fly.log_trial": lambda twin: twin.log("Trial machine stopping. To run for longer than 5m0s, add a credit card"),
}  # fmt: skip


def test_a_healthy_gateway_has_no_finding(twin: Twin) -> None:
    outcome = twin.examine()
    assert outcome["findings"] == []
    assert outcome["checked"] > 70
    not_read = {entry["what"]: entry["why"] for entry in outcome["unread"]}
    assert set(not_read.values()) == {"it was not asked for"}, "only what was not asked for"
    assert [entry.path for entry in outcome.requests if entry.kind == "exec"] == []


@pytest.mark.parametrize("finding", BROKEN)
def test_its_broken_twin_has_the_finding(twin: Twin, finding: str) -> None:
    with twin.ill(BROKEN[finding]):
        outcome = twin.examine()
        found = {entry["id"]: entry for entry in outcome["findings"]}
        assert finding in found, outcome
        assert all(found[finding][part] for part in ("title", "detail", "evidence", "cause", "remedy", "source"))
    assert twin.ids() == []


def test_a_private_gateway_with_a_public_address(twin: Twin) -> None:
    found = twin.fly.module("openclaw_doctor", app=twin.app, grounds=["fly"], exposure="private")["findings"]
    assert [entry["id"] for entry in found] == ["fly.public_address"]


def test_the_most_severe_come_first(twin: Twin) -> None:
    with twin.ill(lambda twin: (twin.config(image="a/b:latest", restart={}), twin.service(autostop="stop"))):
        found = twin.examine(release="2026.9.6")["findings"]
    assert [entry["severity"] for entry in found] == ["critical", "warning", "info"]


def test_an_error_that_a_person_saw_is_explained(twin: Twin) -> None:
    error = "launching: insufficient resources to create new machine with existing volume 'vol_1'"
    (found,) = twin.examine(texts=[error])["findings"]
    assert (found["id"], found["detail"]) == ("fly.error_no_room", error)


def test_what_cannot_be_read_is_listed(twin: Twin) -> None:
    rule = twin.fly.fault(method="GET", path=f"/v1/apps/{twin.app}/secrets", status=403, body={"error": "unauthorized"})
    assert rule is not None
    try:
        outcome = twin.examine()
    finally:
        twin.fly.clear_faults()
    unread = {entry["what"]: entry for entry in outcome["unread"]}
    assert "fly.staged_secrets" in unread["secrets"]["not_judged"]
    assert outcome["findings"] == []


def test_an_app_that_does_not_exist_is_an_error(fly: Platform) -> None:
    outcome = fly.module("openclaw_doctor", app="nothing-here", grounds=["fly"])
    assert outcome.failed and "there is no such app" in outcome["msg"]


def test_an_app_of_other_makers(twin: Twin) -> None:
    """Terraform and the Machines API leave no metadata of deploys."""
    with twin.ill(lambda twin: (twin.config(metadata={}), twin.service(autostop="suspend"))):
        assert twin.ids() == ["fly.autostop"]
