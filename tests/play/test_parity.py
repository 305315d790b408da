"""The same task in Ansible's worker and as an ordinary module: the same result, diff and masking, for every module."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Ansible, Core, Run, TaskResult
from support.emulator import Emulator
from support.site import Site, result

CANARY = "canary-of-a-task-0123456789"
RECIPIENT = "age1xqdk24zuvnncvzlv5st056rjwmvernneu0dyztmahsc3tlrs493st5racp"
UNREACHABLE = {"endpoint": "http://127.0.0.1:1", "access_key": "a", "secret_key": CANARY}
WRONG_TOKEN = {"api_token": f"fm2_{CANARY}"}
AS_MODULE = {"become": True, "become_user": getpass.getuser(), "remote_user": getpass.getuser()}
"""Asks for another user, who is the same one: the worker may not do it, and no right is needed."""
BUILD = {"engine": "flyctl", "build": {"content": "FROM scratch"}, "flyctl": "/nowhere/flyctl"}
FEW_TRIES = {"api_retries": 0}
VOLATILE = ("ansible_facts", "ansible_job_id", "started", "finished", "results_file", "stderr_lines", "stdout_lines")
VOLATILE += ("warnings", "deprecations", "exception", "msg_lines")
CHANGING = {
    r"\(request [^)]+\)": "(request ID)",
    r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)": "TIME",
}


@dataclass(frozen=True)
class Case:
    """A task of one module, and how it is to end."""

    module: str
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    keywords: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False
    changed: bool = False

    def task(self, where: str, **keywords: Any) -> dict[str, Any]:
        name = f"{self.module} {self.name} {where}"
        return {
            "name": name,
            f"openclaw.fly.{self.module}": {**FEW_TRIES, **self.params},
            "ignore_errors": True,
            **self.keywords,
            **keywords,
        }


def ok(module: str, **params: Any) -> Case:
    return Case(module, "as it is", params)


def changed(module: str, **params: Any) -> Case:
    """In check mode, so that the second of the two finds the same state."""
    return Case(module, "changed", params, {"check_mode": True, "diff": True}, changed=True)


def failed(module: str, **params: Any) -> Case:
    return Case(module, "failed", params, failed=True)


def comparable(value: Any) -> Any:
    """A result without what differs from one call to the next."""
    if isinstance(value, dict):
        found = {key: comparable(inner) for key, inner in value.items() if not key.startswith("_ansible")}
        return {key: inner for key, inner in found.items() if key not in ("request_id", "updated_at")}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if isinstance(value, str):
        for pattern, instead in CHANGING.items():
            value = re.sub(pattern, instead, value)
    return value


def told(result: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = comparable({key: value for key, value in result.items() if key not in VOLATILE})
    return found


@dataclass(frozen=True)
class Gateway:
    """A gateway that serves, with what its tasks were told."""

    site: Site
    run: Run
    scratch: Path

    def args(self, module: str, **other: Any) -> dict[str, Any]:
        """The arguments that the play's last task of this module had, with some replaced."""
        given = result(self.run, module)["invocation"]["module_args"]
        api = ("api_token", "machines_url", "api_url", "ca_file", "api_timeout", "api_retries")
        return {key: value for key, value in given.items() if key not in api and value is not None} | other

    def cases(self) -> list[Case]:
        app, scratch = self.site.app, str(self.scratch)
        token = (self.site.root / f".local/secrets/{app}.token").read_text().strip()
        config = self.args("openclaw_config")["config"]
        values = {"OPENCLAW_GATEWAY_TOKEN": token, **self.site.variables["fly_app_secrets"]}
        # What the play recorded of these is masked.
        secret = {"gateway_token": token, "secrets": self.site.variables["fly_app_secrets"]}
        unknown = {"gateway": {**config["gateway"], "trustedProxy": ["10.0.0.0/8"]}}
        coloured = {**config, "ui": {"seamColor": "#112233"}}
        outside = self.args("openclaw_gateway_info")
        road = {"tls_ca_file": outside["tls_ca_file"], "https_port": int(outside["url"].rpartition(":")[2])}
        addresses = {"shared_v4": 1, "v6": 1}
        found = [
            ok("fly_app", **self.args("fly_app")),
            changed("fly_app", name="parity-new", org="personal"),
            failed("fly_app", **WRONG_TOKEN, name=app),
            ok("fly_app_info", name=app),
            failed("fly_app_info", **WRONG_TOKEN, name=app),
            changed("fly_certificate", app=app, hostname="gateway.example.com"),
            failed("fly_certificate", **WRONG_TOKEN, app=app, hostname="gateway.example.com"),
            ok("fly_certificate_info", app=app),
            failed("fly_certificate_info", **WRONG_TOKEN, app=app),
            ok("fly_deploy", **self.args("fly_deploy")),
            changed("fly_deploy", **self.args("fly_deploy", image="registry.fly.io/featherweight:other")),
            failed("fly_deploy", **self.args("fly_deploy", definition={"app": app, "env": {"MY_TOKEN": CANARY}})),
            failed("fly_deploy", app=app, definition={}, **BUILD),
            changed("fly_deploy_token", app=app, dest=f"{scratch}/deploy-token"),
            failed("fly_deploy_token", **WRONG_TOKEN, app=app, dest=f"{scratch}/deploy-token"),
            ok("fly_ips", **self.args("fly_ips")),
            changed("fly_ips", app=app, private_v6=1),
            failed("fly_ips", **WRONG_TOKEN, app=app),
            ok("fly_ips_info", app=app),
            failed("fly_ips_info", **WRONG_TOKEN, app=app),
            ok("fly_logs_info", app=app),
            failed("fly_logs_info", **WRONG_TOKEN, app=app),
            ok("fly_machine", app=app, state="started"),
            changed("fly_machine", app=app, state="stopped"),
            failed("fly_machine", app=app, env={"MY_TOKEN": CANARY}),
            ok("fly_machine_exec", app=app, command=["cat"], stdin=CANARY, changed=False),
            Case("fly_machine_exec", "changed", {"app": app, "command": ["true"]}, changed=True),
            failed("fly_machine_exec", app=app, command=["sh", "-c", "echo no >&2; exit 3"], stdin=CANARY),
            changed("fly_machine_file", app=app, path="/data/note", content=CANARY, secret=True),
            failed("fly_machine_file", **WRONG_TOKEN, app=app, path="/data/note", content="text"),
            ok("fly_machine_info", app=app),
            failed("fly_machine_info", **WRONG_TOKEN, app=app),
            failed("fly_platform_check", **WRONG_TOKEN, org="personal"),
            ok("fly_platform_info"),
            ok("fly_regions_info"),
            changed("fly_retirement", app=app),
            failed("fly_retirement", app="parity-none"),
            ok("fly_run_lock", app=app),
            failed("fly_regions_info", **WRONG_TOKEN),
            ok("fly_secrets", app=app, secrets=values),
            changed("fly_secrets", app=app, secrets={**values, "OTHER": CANARY}),
            failed("fly_secrets", app=app, secrets={"no name": CANARY}),
            ok("fly_secrets_info", app=app),
            failed("fly_secrets_info", **WRONG_TOKEN, app=app),
            ok("fly_teardown_info", app=app, volume_names=["openclaw_data"]),
            failed("fly_teardown_info", **WRONG_TOKEN, app=app),
            ok("fly_token_info"),
            failed("fly_token_info", **WRONG_TOKEN),
            ok("fly_toml", **self.args("fly_toml")),
            changed("fly_toml", **self.args("fly_toml", dest=f"{scratch}/fly.toml")),
            failed("fly_toml", content=f'app = "x"\n[env]\nMY_TOKEN = "{CANARY}"\n', dest=f"{scratch}/fly.toml"),
            ok("fly_volume", **self.args("fly_volume")),
            changed("fly_volume", **self.args("fly_volume", size_gb=3)),
            failed("fly_volume", **WRONG_TOKEN, app=app, name="openclaw_data"),
            ok("fly_volume_info", app=app),
            failed("fly_volume_info", **WRONG_TOKEN, app=app),
            failed("fly_volume_restore", **WRONG_TOKEN, app=app, snapshot_id="vs_1"),
            changed("fly_volume_snapshot", app=app, name="openclaw_data"),
            failed("fly_volume_snapshot", **WRONG_TOKEN, app=app, name="openclaw_data"),
            ok("fly_volume_snapshot_info", app=app, name="openclaw_data"),
            failed("fly_volume_snapshot_info", **WRONG_TOKEN, app=app, name="openclaw_data"),
            changed("fly_wireguard_peer", org="personal", name="laptop", dest=f"{scratch}/wg.conf"),
            failed("fly_wireguard_peer", **WRONG_TOKEN, org="personal", name="laptop", dest=f"{scratch}/wg.conf"),
            ok("fly_wireguard_peer_info", org="personal"),
            failed("fly_wireguard_peer_info", **WRONG_TOKEN, org="personal"),
            ok("openclaw_adoption_info", app=app),
            failed("openclaw_adoption_info", app="parity-none"),
            changed("openclaw_backup", app=app, folder=f"{scratch}/backups", recipients=[RECIPIENT]),
            failed("openclaw_backup", **WRONG_TOKEN, app=app, folder=f"{scratch}/backups", recipients=[RECIPIENT]),
            ok("openclaw_backup_info", app=app, folder=str(scratch)),
            failed("openclaw_backup_info", app=app, folder="/dev/null/backups"),
            failed("openclaw_backup_info", app=app, folder="s3://bucket", s3=UNREACHABLE),
            ok("openclaw_config", **self.args("openclaw_config")),
            changed("openclaw_config", **self.args("openclaw_config", config=coloured)),
            failed("openclaw_config", **self.args("openclaw_config", config={**config, **unknown})),
            ok("openclaw_contents_info", app=app, expected={"sessions": 0}),
            failed("openclaw_contents_info", app=app, expected={"agents": ["another"]}),
            ok("openclaw_device", app=app),
            failed("openclaw_device", app=app, state="approved", request_id="no-such-request"),
            ok("openclaw_doctor", app=app, grounds=["fly"]),
            failed("openclaw_drill", **WRONG_TOKEN, app=app, definition={"app": app}),
            failed("openclaw_drill", app=app, definition={"app": app}, source="archive", folder="/dev/null/backups"),
            ok("openclaw_exposure_info", app=app, token=token, checks=["addresses"], addresses=addresses, **road),
            failed("openclaw_exposure_info", **WRONG_TOKEN, app=app, token=CANARY, **road),
            changed("openclaw_owner_link", app=app, url=outside["url"], dest=f"{scratch}/owner-link"),
            failed("openclaw_owner_link", **WRONG_TOKEN, app=app, url=outside["url"], dest=f"{scratch}/owner-link"),
            failed("openclaw_channel_login", **WRONG_TOKEN, app=app, channel="whatsapp"),
            failed("openclaw_pairing", **WRONG_TOKEN, app=app, channel="discord", code="ABCDEFGH"),
            failed("openclaw_plugin", **WRONG_TOKEN, app=app, packages={"discord": "1.0.0"}),
            changed("openclaw_release_state", app=app, release="2026.9.6", state="begun", snapshot_id="vs_1"),
            failed(
                "openclaw_rehearsal",
                **WRONG_TOKEN,
                app=app,
                release="2026.9.6",
                image="another",
                definition={"app": app},
            ),
            failed("openclaw_release_state", **WRONG_TOKEN, app=app, release="2026.9.6", state="ended"),
            failed("openclaw_restore", app=app, folder="/dev/null/backups", identity_file=f"{scratch}/key"),
            failed("openclaw_restore_info", app=app, folder="/dev/null/backups"),
            failed("openclaw_rollback_info", app=app),
            changed("openclaw_skill", app=app, skills={"a-skill": str(REPO / "tests/support/skills/a-skill")}),
            failed("openclaw_skill", **WRONG_TOKEN, app=app),
            failed("openclaw_state", **WRONG_TOKEN, app=app),
            changed("openclaw_gateway_token", file=f"{scratch}/a.token", token=CANARY, state="next"),
            failed("openclaw_gateway_token", file="/dev/null/a.token", token=CANARY, state="next"),
            ok("openclaw_secrets_info", app=app, secrets=values, refused_token=CANARY),
            failed("openclaw_secrets_info", app=app, secrets={**values, "SOME_KEY": f"another-{CANARY}"}),
            ok("openclaw_gateway_info", **self.args("openclaw_gateway_info", token=token)),
            failed("openclaw_gateway_info", **self.args("openclaw_gateway_info", token=CANARY)),
            ok("fly_preflight", app=app, region="iad"),
            failed("fly_preflight", app=app, region="frx"),
            ok("openclaw_upgrade_info", app=app, release="2026.9.6", image="registry.fly.io/featherweight:2026.9.6"),
            failed("openclaw_upgrade_info", app=app, release="newest", image="another"),
            ok("openclaw_preflight", **self.args("openclaw_preflight", **secret)),
            failed(
                "openclaw_preflight",
                **self.args("openclaw_preflight", **secret, config={"gateway": {"token": CANARY}}),
            ),
            ok("openclaw_variables"),
            failed("openclaw_variables", unknown_variables=["fly_app_exposre"]),
            changed("openclaw_volume_snapshot", app=app),
            failed("openclaw_volume_snapshot", **WRONG_TOKEN, app=app),
            ok("openclaw_summary", **self.args("openclaw_summary")),
            failed("openclaw_summary", **self.args("openclaw_summary", vm_size="shared-cpu-3x")),
        ]
        return found


ONLY_IN_THE_WORKER = {"openclaw_look"}  # tests/play/test_look.py
MODULES = sorted({file.stem for file in (REPO / "plugins/modules").glob("*.py")} - ONLY_IN_THE_WORKER)
Pair = tuple[TaskResult, TaskResult]


def pairs(run: Run) -> dict[str, Pair]:
    """Results in the worker and of the ordinary module, by the case's name."""
    by_name = {each.task: each for each in run.results}
    names = [name.removesuffix(" in the worker") for name in by_name if name.endswith(" in the worker")]
    return {name: (by_name[f"{name} in the worker"], by_name[f"{name} as a module"]) for name in names}


def own_places(ansible: Ansible) -> dict[str, str]:
    """Variables that let ordinary modules run by this ansible-core's Python, and nothing lie about in the real home."""
    home = ansible.home
    return {
        "ansible_python_interpreter": str(ansible.core.python),
        "ansible_remote_tmp": str(home / "tmp"),
        "ansible_async_dir": str(home / "async"),
    }


@dataclass(frozen=True)
class Outcomes:
    run: Run
    pairs: dict[str, Pair]

    def started_a_process(self, case: str, where: str) -> bool:
        """Whether the output has Ansible's words for that, at the highest verbosity."""
        task = self.run.output.partition(f"TASK [{case} {where}]")[2].partition("TASK [")[0]
        assert task, case
        return "EXEC /bin/sh" in task


TELLS = {"ANSIBLE_INJECT_INVOCATION": "1"}
"""Since ansible-core 2.21 a result has the task's arguments on demand only."""


@pytest.fixture(scope="module")
def gateway(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "parity", fly_app_secrets={"SOME_KEY": CANARY})
    return Gateway(site, site.converge(env=TELLS), tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="module")
def core_ansible(
    ansible_core: Core, collections_path: Path, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Ansible:
    return Ansible(ansible_core, collections_path, tmp_path_factory.mktemp("home"), emulator.environment)


@pytest.fixture(scope="module")
def outcomes(gateway: Gateway, core_ansible: Ansible, own_core: Core) -> Outcomes:
    """Every case, run both ways by one ansible-core in one play; a case a module where it is not this Python's own."""
    cases = gateway.cases()
    if core_ansible.core != own_core:
        # The last is the one that tells most: a change where there is one.
        cases = list({case.module: case for case in sorted(cases, key=lambda case: case.changed)}.values())
    both = [task for case in cases for task in (case.task("in the worker"), case.task("as a module", **AS_MODULE))]
    started = core_ansible.start(
        [{"hosts": "localhost", "gather_facts": False, "tasks": both}], "-vvvv", extra_vars=own_places(core_ansible),
        env=TELLS,
    )  # fmt: skip
    run = started.wait(600).ok()  # half a second of CPU for each module
    assert CANARY not in run.output
    return Outcomes(run, pairs(run))


@pytest.mark.parametrize("module", MODULES)
def test_both_ways_tell_the_same(gateway: Gateway, outcomes: Outcomes, module: str) -> None:
    cases = [case for case in gateway.cases() if case.module == module]
    assert cases, f"give {module} its cases in Gateway.cases(): as it is, changed, failed"
    for case in cases:
        if f"{case.module} {case.name}" not in outcomes.pairs:
            continue
        worker, ordinary = outcomes.pairs[f"{case.module} {case.name}"]

        assert told(worker.result) == told(ordinary.result)
        assert worker.status == ordinary.status == ("ignored" if case.failed else "ok"), worker.result
        if not case.failed:
            assert worker.changed == case.changed, worker.result
        for each in (worker, ordinary):
            assert CANARY not in json.dumps(each.result)


def test_the_two_ways_are_two(outcomes: Outcomes) -> None:
    for case in outcomes.pairs:
        assert not outcomes.started_a_process(case, "in the worker")
        assert outcomes.started_a_process(case, "as a module")


BAD_ARGUMENTS = {
    "unknown": {"name": "parity", "nonsense": 1},
    "missing": {},
    "choice": {"name": "parity", "state": "gone"},
    "type": {"name": "parity", "api_timeout": "long"},
}


def test_keywords(gateway: Gateway, core_ansible: Ansible) -> None:
    """What a task may say beside its arguments holds in the worker as it does for a module."""
    app, api = gateway.site.app, gateway.site.emulator.environment
    here = "ansible.builtin.debug"
    info = {"openclaw.fly.fly_app_info": {"name": app}}
    options = {
        "api_token": api["FLY_API_TOKEN"],
        "machines_url": api["FLY_FLAPS_BASE_URL"],
        "api_url": api["FLY_API_BASE_URL"],
    }
    given = {"group/openclaw.fly.all": options}

    def both(name: str, task: Mapping[str, Any], **keywords: Any) -> list[dict[str, Any]]:
        whole = {"ignore_errors": True, **task, **keywords}
        return [
            {"name": f"{name} in the worker", **whole},
            {"name": f"{name} as a module", **whole, **AS_MODULE},
        ]

    tasks = [
        *both("environment", info, environment=api),
        {"name": "environment after", here: {"msg": "{{ lookup('ansible.builtin.env', 'FLY_API_TOKEN') }}."}},
        *both("environment of an item", info, environment="{{ item }}", loop=[api, {}]),
        *both("defaults", info, module_defaults=given),
        *both("delegated", info, module_defaults=given, delegate_to="other"),
        *both("loop", {"openclaw.fly.fly_app_info": {"name": "{{ item }}"}}, module_defaults=given, loop=[app, "none"]),
        *both("unlogged", info, module_defaults=given, no_log=True),
        *both("timeout", info, module_defaults=given, timeout=60),
        {"name": "async", **info, "module_defaults": given, "async": 60, "poll": 1},
        *[
            task
            for kind, wrong in BAD_ARGUMENTS.items()
            for task in both(f"arguments {kind}", {"openclaw.fly.fly_app": wrong}, module_defaults=given)
        ],
    ]
    python = own_places(core_ansible) | {"ansible_connection": "local"}
    bare = Ansible(core_ansible.core, core_ansible.collections, core_ansible.home / "bare")
    run = bare.playbook(
        [{"hosts": "first", "gather_facts": False, "tasks": tasks}],
        inventory={"all": {"hosts": {"first": python, "other": python}}},
    ).ok()

    found = pairs(run)
    for name, (worker, ordinary) in found.items():
        for one, other in zip(items_of(worker), items_of(ordinary), strict=True):
            assert told(one) == told(other)
        assert worker.status == ordinary.status, name
    good = ("environment", "defaults", "delegated", "timeout")
    for name in good:
        assert [each["name"] for each in found[name][0].result["apps"]] == [app], found[name][0].result
    assert run.of("async")["apps"] == found["defaults"][0].result["apps"]
    assert run.of("environment after")["msg"] == "."
    first, second = found["environment of an item"][0].result["results"]
    assert first["apps"]
    assert "there is no Fly.io API token" in second["msg"]
    assert [len(item["apps"]) for item in found["loop"][0].result["results"]] == [1, 0]
    assert "censored" in json.dumps(found["unlogged"][0].result)
    for kind in BAD_ARGUMENTS:
        assert found[f"arguments {kind}"][0].status == "ignored"


def items_of(ended: TaskResult) -> list[dict[str, Any]]:
    """The results of a loop's items, or the one result of a task without a loop."""
    return ended.result.get("results") or [ended.result]


def test_a_task_that_takes_too_long(gateway: Gateway, core_ansible: Ansible, emulator: Emulator) -> None:
    slow = {"method": "GET", "path": "/apps/parity$", "action": "latency", "seconds": 20}
    emulator.request("POST", "/emulator/v1/faults", slow)
    task = {"openclaw.fly.fly_app_info": {"name": gateway.site.app}, "timeout": 1}
    try:
        run = core_ansible.tasks(task).failed()
    finally:
        emulator.request("DELETE", "/emulator/v1/faults")

    messages = [str(each.result.get("msg")) for each in run.results]
    assert any("did not end within its timeout of 1 s" in message for message in messages), messages


def test_what_really_changes(emulator: Emulator, core_ansible: Ansible, tmp_path: Path) -> None:
    """From nothing to a machine and back, once each way."""
    template = tmp_path / "note.j2"
    template.write_text("for {{ who }}\n")

    def life(app: str) -> list[dict[str, Any]]:
        definition = {
            "app": app,
            "primary_region": "iad",
            "build": {"image": "registry.fly.io/scratch:sleep"},
            "mounts": [{"source": "data", "destination": "/data"}],
        }
        rendered = {"app": app, "path": "/data/rendered", "secret": True}
        return [
            {"openclaw.fly.fly_app": {"name": app}},
            {"openclaw.fly.fly_ips": {"app": app, "v6": 1}},
            {"openclaw.fly.fly_volume": {"app": app, "name": "data", "region": "iad"}},
            {"openclaw.fly.fly_secrets": {"app": app, "secrets": {"A_KEY": CANARY}}},
            {"openclaw.fly.fly_deploy": {"definition": definition}},
            {"openclaw.fly.fly_machine_file": {"app": app, "path": "/data/note", "content": "text"}},
            {"openclaw.fly.fly_machine_file": {**rendered, "template": str(template)}, "vars": {"who": CANARY}},
            {"openclaw.fly.fly_machine_file": {**rendered, "content": f"for {CANARY}\n"}},
            {"openclaw.fly.fly_app": {"name": app, "state": "absent", "destroy_volumes": True}},
        ]

    version = core_ansible.core.version.replace(".", "-")
    ways: list[list[Any]] = []
    for way, keywords in (("worker", {}), ("module", AS_MODULE)):
        app = f"life-{way}-{version}"
        python = own_places(core_ansible)
        run = core_ansible.tasks(*({**task, **keywords} for task in life(app)), diff=True, extra_vars=python).ok()
        assert CANARY not in run.output
        text = json.dumps([[each.result.get(key) for key in ("changed", "changes", "diff")] for each in run.results])
        text = re.sub(r"vol_\w+", "VOLUME", re.sub(r"\b[0-9a-f]{14}\b", "MACHINE", text.replace(app, "APP")))
        ways.append(json.loads(text))

    assert len(ways[0]) == 9
    assert [changed for changed, *_rest in ways[0]][-3:] == [True, False, True], "a template is rendered"
    assert ways[0] == ways[1]
