"""The collection under each answer to what is not known of Fly.io (emulator: questions), and as recorded where it is.

Row numbers and sources: docs/fidelity.md and the questions' own.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.platform import Platform, platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.api import MachinesApi
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.errors import CommandNotFound, NoCapacity
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.transport import Transport
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.leases import Lease
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.remote_files import RemoteFile, RemoteFiles
from fly_emulator.questions import QUESTIONS, Answers
from fly_emulator.web.lag import LASTS

TOML: dict[str, Any] = {
    "primary_region": "iad",
    "build": {"image": "registry.fly.io/still:1"},
    "mounts": {"source": "data", "destination": "/data"},
    "vm": [{"size": "shared-cpu-1x", "memory": "512mb"}],
}
LAST = {question.name: question.answers[-1] for question in QUESTIONS}
NARROW = {"exec-stdin": "16k", "exec-output": "64k", "snapshots": "merged"}
_numbers = itertools.count(1)


@pytest.fixture(params=[{}, LAST, NARROW], ids=["defaults", "the others", "the narrowest"])
def answers(fly: Platform, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    fly.control("PUT", "/answers", request.param)
    yield {**Answers().chosen(), **request.param}
    fly.on_loop(fly.context.answers.reset)


@pytest.fixture
def deployed(fly: Platform, answers: dict[str, str]) -> str:
    name = f"fidelity-{next(_numbers)}"
    for module, params in (
        ("fly_app", {"name": name, "org": "personal"}),
        ("fly_volume", {"app": name, "name": "data", "region": "iad"}),
        ("fly_deploy", {"app": name, "definition": TOML}),
    ):
        done = fly.module(module, **params)
        assert not done.failed, done
    return name


def test_the_answers_are_shown_and_a_wrong_one_is_refused(fly: Platform) -> None:
    shown = fly.control("GET", "/answers")["questions"]
    assert [each["answer"] for each in shown] == [question.answers[0] for question in QUESTIONS]
    assert all(each["source"] for each in shown)
    with pytest.raises(Exception, match="400"):
        fly.control("PUT", "/answers", {"lists": "sometimes"})


def test_an_update_of_a_stopped_machine_runs_in_the_end(fly: Platform, deployed: str) -> None:
    """Rows 1, 3 and 4: flyctl#4754, fly-go#283."""
    assert not fly.module("fly_machine", app=deployed, state="stopped").failed
    done = fly.module("fly_deploy", app=deployed, definition={**TOML, "env": {"A": "1"}})
    assert not done.failed, done
    (machine,) = fly.machines(deployed)
    assert (machine.state, machine.config["env"]["A"]) == ("started", "1")
    assert not fly.module("fly_deploy", app=deployed, definition={**TOML, "env": {"A": "1"}}).changed


def test_after_a_rollback_the_old_one_runs(fly: Platform, deployed: str) -> None:
    """Row 1, at its worst moment: what is put back after a crash loop was stopped."""
    failed = fly.module("fly_deploy", app=deployed, definition={**TOML, "processes": {"app": "crash"}}, wait_timeout=60)
    assert failed.failed and "the old configuration was put back and runs" in failed["msg"], failed
    (machine,) = fly.machines(deployed)
    assert machine.state == "started"


def test_files_of_any_size(fly: Platform, deployed: str, tmp_path: Path) -> None:
    """Rows 16 and 17: superfly/init-snapshot took 16 KiB, flyctl#4181 caps at 1 MB."""
    (machine,) = fly.machines(deployed)
    files = RemoteFiles(fly.api(), deployed, machine.id)
    content = hashlib.sha256(deployed.encode()).digest() * 20_000
    owner = f"{tmp_path.stat().st_uid}:{tmp_path.stat().st_gid}"
    paths = [str(tmp_path / "large"), str(tmp_path / "small")]
    files.write({paths[0]: RemoteFile(content, owner, "600"), paths[1]: RemoteFile(b"text", owner, "600")})
    found = files.read(*paths)
    assert [file.content if file else None for file in found.values()] == [content, b"text"]


def test_an_exec_that_a_signal_ended_is_a_failure(fly: Platform, deployed: str) -> None:
    """Row 14: superfly/init-snapshot src/api/exec.rs."""
    (machine,) = fly.machines(deployed)
    ended = RemoteFiles(fly.api(), deployed, machine.id).run(["sh", "-c", "kill -9 $$"])
    assert ended["exit_code"] == 137
    if fly.context.answers["exec-signal"] == "null":
        assert "SIGKILL" in ended["stderr"]


def test_a_missing_command_is_asked_for_once(fly: Platform, deployed: str) -> None:
    """Row 15."""
    (machine,) = fly.machines(deployed)
    fly.forget_journal()
    try:
        assert RemoteFiles(fly.api(), deployed, machine.id).run(["no-such-command"], safe=True)["exit_code"] == 127
    except CommandNotFound as error:
        assert "image does not have this command" in str(error)
    assert [entry.kind for entry in fly.journal()] == ["exec"]


def test_exec_under_a_lease(fly: Platform, deployed: str) -> None:
    """Row 13: alchemy-run/distilled#628."""
    (machine,) = fly.machines(deployed)
    api = fly.api()
    with Lease(api, deployed, machine.id):
        assert RemoteFiles(api, deployed, machine.id).run(["true"])["exit_code"] == 0
        # Another waits until the lease has ended.
        assert RemoteFiles(fly.api(), deployed, machine.id).run(["true"])["exit_code"] == 0


def test_a_volume_is_destroyed_right_after_its_machine(fly: Platform, deployed: str) -> None:
    """Rows 55 and 58: the snapshot comes later, and so does the volume's freedom."""
    assert not fly.module("fly_machine", app=deployed, state="absent").failed
    gone = fly.module("fly_volume", app=deployed, name="data", state="absent", destroy_data=True, region="iad")
    assert not gone.failed, gone
    assert sum(write.endswith("/snapshots") for write in gone.writes) == 1


def test_a_machine_is_made_right_after_another(fly: Platform, deployed: str) -> None:
    """Row 58."""
    assert not fly.module("fly_machine", app=deployed, state="absent").failed
    assert not fly.module("fly_deploy", app=deployed, definition=TOML).failed


def test_new_secrets_are_in_a_machine_that_is_updated_at_once(fly: Platform, deployed: str) -> None:
    """Row 8: superfly/flyctl appsecrets.GetMinvers."""
    assert not fly.module("fly_secrets", app=deployed, secrets={"A": "new"}).failed
    assert not fly.module("fly_deploy", app=deployed, definition=TOML).failed
    (machine,) = fly.machines(deployed)
    assert machine.current.secrets == {"A": "new"}


def test_a_private_address_is_in_the_apps_network(fly: Platform, answers: dict[str, str]) -> None:
    """Row 68: superfly/docs#2430."""
    name = f"fidelity-{next(_numbers)}"
    assert not fly.module("fly_app", name=name, org="personal", network="own").failed
    assert not fly.module("fly_ips", app=name, private_v6=1).failed
    found = fly.app(name)
    assert found and [ip.network for ip in found.ips] == ["own"]


def test_a_private_address_in_another_network_is_replaced(fly: Platform) -> None:
    """Row 68: one that was allocated without a network, by hand or by an earlier version."""
    name = f"fidelity-{next(_numbers)}"
    assert not fly.module("fly_app", name=name, org="personal", network="own").failed
    fly.api().assign_ip(name, {"type": "private_v6"})
    (elsewhere,) = [entry["ip"] for entry in fly.api().ips(name) or []]
    planned = fly.module("fly_ips", check=True, app=name, private_v6=1)
    done = fly.module("fly_ips", app=name, private_v6=1)
    assert planned["changes"] == done["changes"] == [
        f"allocate private_v6: {elsewhere} is not in the app's network",
        f"release private_v6 {elsewhere}",
    ]  # fmt: skip
    assert [write.split()[0] for write in done.writes] == ["POST", "DELETE"]
    found = fly.app(name)
    assert found and [ip.network for ip in found.ips] == ["own"]
    assert not fly.module("fly_ips", app=name, private_v6=1).changed


def test_a_second_private_address_in_another_network_stays(fly: Platform) -> None:
    name = f"fidelity-{next(_numbers)}"
    assert not fly.module("fly_app", name=name, org="personal", network="own").failed
    assert not fly.module("fly_ips", app=name, private_v6=1).failed
    fly.api().assign_ip(name, {"type": "private_v6"})
    assert not fly.module("fly_ips", app=name, private_v6=2).changed
    released = fly.module("fly_ips", app=name, private_v6=1)
    found = fly.app(name)
    assert released.changed and found and [ip.network for ip in found.ips] == ["own"]


def test_an_image_that_was_just_pushed_is_waited_for(fly: Platform, answers: dict[str, str]) -> None:
    """Row 46: CurateLabs/graphforge#1059 (about 15 s)."""
    name = f"fidelity-{next(_numbers)}"
    assert not fly.module("fly_app", name=name, org="personal").failed
    for image in ("registry.fly.io/still:1", "registry.fly.io/still:2"):  # of a create, and of an update
        fly.control("PUT", "/images", {"reference": image, "seconds": 15})
        done = fly.module("fly_deploy", app=name, definition={**TOML, "build": {"image": image}, "mounts": None})
        assert not done.failed, done
        assert any(f"image {image}: waiting for the registry to show it" in line for line in done.said)
        (machine,) = fly.machines(name)
        assert (machine.state, machine.config["image"].partition("@")[0]) == ("started", image)


@pytest.mark.parametrize("registry", ["registry.fly.io", "ghcr.io"])
def test_an_image_that_no_registry_has(fly: Platform, registry: str) -> None:
    """It is waited for where Fly.io's own registry may be late, and not for ever."""
    name, image = f"fidelity-{next(_numbers)}", f"{registry}/nobodys/image:1"
    assert not fly.module("fly_app", name=name, org="personal").failed
    fly.control("PUT", "/images", {"reference": image, "seconds": 3600})
    began = fly.context.clock.now()
    definition = {"primary_region": "iad", "build": {"image": image}}
    failed = fly.module("fly_deploy", app=name, definition=definition)
    assert failed.failed and failed["error"]["kind"] == "ImageUnknown", failed
    assert "Check the image's name and tag" in failed["msg"]
    assert (fly.context.clock.now() - began > 60) == (registry == "registry.fly.io")


def test_a_full_host_says_fork_or_move(fly: Platform, deployed: str) -> None:
    """Row 36: Kilo#412, fly-go#306."""
    (machine,) = fly.machines(deployed)
    fly.control("PUT", f"/machines/{machine.id}", {"host_full": True})
    failed = fly.module("fly_deploy", app=deployed, definition={**TOML, "env": {"A": "2"}})
    assert failed.failed and "fork the volume" in failed["msg"], failed
    assert NoCapacity and machine.state == "started"


def test_a_quota_of_a_region_says_another_region(fly: Platform) -> None:
    """Row 38: Kilo-Org/cloud#516."""
    app = f"fidelity-{next(_numbers)}"
    fly.control("PUT", "/quota", {"memory_mb": 256})
    try:
        assert not fly.module("fly_app", name=app, org="acme").failed
        assert not fly.module("fly_volume", app=app, name="data", region="iad").failed
        failed = fly.module("fly_deploy", app=app, definition=TOML)
    finally:
        fly.control("PUT", "/quota", {})
    assert failed.failed and "Choose another region" in failed["msg"], failed
    assert fly.machines(app) == []


def test_a_dedicated_address_and_a_shared_one_are_refused_together(fly: Platform, answers: dict[str, str]) -> None:
    """Row 69: fly.io/docs, services."""
    name = f"fidelity-{next(_numbers)}"
    assert not fly.module("fly_app", name=name, org="personal").failed
    failed = fly.module("fly_ips", app=name, v4=1, shared_v4=True)
    assert failed.failed and "not both" in failed["msg"]


def test_one_stale_list_is_looked_at_again(fly: Platform) -> None:
    """Row 48: superfly/flyctl#3105."""
    with_lag = f"fidelity-{next(_numbers)}"
    fly.control("PUT", "/answers", {"lists": "lag"})
    try:
        assert not fly.module("fly_app", name=with_lag, org="personal").failed
        assert not fly.module("fly_volume", app=with_lag, name="data", region="iad").failed
        assert not fly.module("fly_ips", app=with_lag, v6=1).failed
        assert not fly.module("fly_deploy", app=with_lag, definition=TOML).failed
    finally:
        fly.on_loop(fly.context.answers.reset)
    found = fly.app(with_lag)
    assert found and (len(found.volumes), len(found.ips), len(found.live_machines())) == (1, 1, 1)


def test_a_list_is_never_older_than_it_may_be(fly: Platform) -> None:
    """Row 48: what lags shows the state of some seconds ago, not one that several writes have replaced."""
    name = f"fidelity-{next(_numbers)}"
    api = MachinesApi(Transport(fly.url, "Bearer emulator-token"))

    def names() -> list[str]:
        return [each["name"] for each in api.secrets(name) or []]

    fly.control("PUT", "/answers", {"lists": "lag"})
    try:
        assert not fly.module("fly_app", name=name, org="personal").failed
        assert names() == []
        api.set_secrets(name, {"ONE": "1"})
        assert names() == [] and names() == ["ONE"]
        api.set_secrets(name, {"TWO": "2"})
        fly.advance(LASTS)
        api.set_secrets(name, {"THREE": "3"})
        assert names() == ["ONE", "THREE", "TWO"]
    finally:
        fly.on_loop(fly.context.answers.reset)


def test_answers_from_the_start(tmp_path: Path) -> None:
    with platform(tmp_path, answers={"detach": "at-once"}) as started:
        assert started.control("GET", "/info")["answers"]["detach"] == "at-once"
