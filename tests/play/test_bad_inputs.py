"""Bad inputs: each is refused with a message that says what, where and what to do, and nothing is changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible, Run, TaskResult
from support.bad_inputs import ALL, BASES, CLASSIC, SECRET, TELEGRAM, Bad
from support.emulator import Emulator
from support.needs import NODE
from support.site import Site, fingerprint

CLOSED = "http://127.0.0.1:9"
"""Nobody listens there."""


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    """An emulator on which somebody else holds an app's name."""
    with start_emulator("--foreign-app", "somebody-elses") as emulator:
        yield emulator


@dataclass(frozen=True)
class Outcome:
    """One run of the play for all bad inputs at once, each the only fault of a gateway of its own."""

    run: Run
    failures: dict[str, list[TaskResult]]
    """By host."""
    writes: list[dict[str, Any]]
    """Write requests that Fly.io accepted."""
    changed: list[str]
    """Gateways that ran already and are not what they were."""


@pytest.fixture(scope="module")
def outcome(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Also brings the release's schema into the controller's cache, as the first run for any gateway does."""
    inventory = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "none")
    # A sealed gateway's port is omitted, which Ansible tells by an exception as well.
    inventory.many({**BASES, "is-sealed": {"fly_app_exposure": "sealed"}}).ok()
    before = {name: _state(emulator, name) for name in BASES}
    emulator.clear_journal()
    run = inventory.many({bad.host: {**BASES.get(bad.base, {}), **bad.variables} for bad in ALL}, "--diff").failed()
    failures: dict[str, list[TaskResult]] = {}
    for each in run.results:
        if each.status in ("failed", "unreachable"):
            failures.setdefault(each.host, []).append(each)
    return Outcome(
        run,
        failures,
        [entry for entry in emulator.journal("write") if entry["status"] < 400],
        [name for name, state in before.items() if _state(emulator, name) != state],
    )


def _state(emulator: Emulator, app: str) -> Any:
    (machine,) = emulator.get(f"/v1/apps/{app}/machines")
    (volume,) = emulator.get(f"/v1/apps/{app}/volumes")
    return machine["instance_id"], volume["id"], fingerprint(emulator.state_dir / "volumes" / volume["id"] / "data")


@pytest.mark.parametrize("bad", [pytest.param(bad, id=bad.name) for bad in ALL])
def test_a_bad_input_is_refused_before_the_first_write(outcome: Outcome, bad: Bad) -> None:
    """One message: what, where, why, and what to do."""
    app = bad.variables.get("fly_app_name", bad.host)
    assert [f"{entry['method']} {entry['path']}" for entry in outcome.writes if entry["app"] == app] == []
    (failure,) = outcome.failures[bad.host]
    message = str(failure.result["msg"])
    assert "argument_spec_data" not in failure.result and len(message.splitlines()) <= 12, message
    assert [part for part in bad.told if part not in message] == [], message
    for problem in failure.result.get("problems", []):
        assert problem["path"] and problem["message"], problem
        assert problem["suggestion"] or problem["allowed_keys"], f"says not what to do: {problem}"
    if error := failure.result.get("error"):
        assert error["what"] and (error["todo"] or "must be" in message), error


def test_bad_inputs_change_nothing_and_show_no_secret(outcome: Outcome) -> None:
    assert outcome.writes == []
    assert outcome.changed == []
    assert len(ALL) >= 80
    for secret in (SECRET, CLASSIC, TELEGRAM):
        assert secret not in outcome.run.output
        assert secret not in json.dumps([vars(each) for each in outcome.run.results], default=str)


def message_of(run: Run) -> str:
    """What the failed task of a run says, which is printed too."""
    (failed,) = (each for each in run.failed().results if each.status == "failed")
    message = str(failed.result["msg"])
    for line in message.splitlines():
        assert line.strip()[:60] in run.output
    return message


def test_invalid_config_of_a_gateway_that_never_ran(new_site: Callable[..., Site]) -> None:
    """Without a cached schema the release itself is asked, in a machine in maintenance: the gateway must not start."""
    site = new_site("never-ran", openclaw_config_extra={"gateway": {"trustedProxy": ["10.0.0.0/8"]}})
    site.variables["openclaw_config_schema_cache"] = str(site.root / "no-schemas-yet")

    message = message_of(site.run())

    assert "gateway.trustedProxy" in message or "gateway: " in message
    assert "trustedProxy" in message
    assert not (site.data / "openclaw.json").exists()
    assert site.machine["config"]["metadata"]["ansible_maintenance"] == "true"

    del site.variables["openclaw_config_extra"]

    site.converge()


def test_unknown_image_leaves_the_old_machine_running(outcome: Outcome, new_site: Callable[..., Site]) -> None:
    """The registry knows it, not the preflight."""
    running = new_site("runs-newer", fly_app_image="registry.fly.io/no-such-image:1")
    before = running.machine["config"]["image"]

    message = message_of(running.run())

    assert "registry.fly.io/no-such-image:1" in message
    assert running.machine["state"] == "started"
    assert running.machine["config"]["image"] == before
    running.variables["fly_app_image"] = before
    running.converge()


def test_emulator_that_does_not_run(new_site: Callable[..., Site]) -> None:
    site = new_site("no-emulator")
    file = site.root / ".local/emulator/emulator.json"
    info = json.loads(file.read_text())

    file.unlink()
    run = site.run()

    assert run.rc != 0
    assert "Start it with make local" in " ".join(run.output.split())
    assert "Traceback" not in run.output

    file.write_text(json.dumps({**info, "api_url": CLOSED}))

    message = message_of(site.run())

    assert f"{CLOSED} cannot be reached" in message
    assert [name for name in site.files() if not name.startswith("schemas/")] == []


@pytest.mark.parametrize(
    ("kept", "env", "told"),
    [
        pytest.param(
            ("node", "npm"),
            {"npm_config_registry": CLOSED, "npm_config_fetch_retries": "0"},
            ["npm could not look up openclaw@2026.9.6", "npm config get registry"],
            id="registry-not-reachable",
        ),
        pytest.param(
            (),
            {"PIP_INDEX_URL": f"{CLOSED}/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null"},
            ["No Node.js", "on this machine", "put `node` on PATH"],
            id="no-node",
        ),
    ],
)
def test_image_that_cannot_be_made(
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    ansible: Ansible,
    tmp_path: Path,
    kept: tuple[str, ...],
    env: dict[str, str],
    told: list[str],
) -> None:
    tools = without_node(tmp_path / "bin")
    if kept and not (tools.parent / "node-bin").is_dir():
        pytest.skip(NODE.missing)
    path = f"{tools.parent / 'node-bin'}:{tools}" if kept else str(tools)
    with start_emulator("--cache-dir", str(tmp_path / "cache"), env={"PATH": path, **env}) as emulator:
        site = Site(ansible, emulator, tmp_path / "site", "no-image")
        del site.variables["fly_app_image"]
        message = message_of(site.run())

    assert [part for part in told if part not in message] == [], message


def without_node(folder: Path) -> Path:
    """A folder with all programs of PATH but Node's, which lie in `node-bin` beside it."""
    folder.mkdir()
    for entry in reversed(os.environ["PATH"].split(":")):
        for program in Path(entry).iterdir() if Path(entry).is_dir() else ():
            target = folder
            if program.name in ("node", "nodejs", "npm", "npx", "corepack"):
                target = folder.parent / "node-bin"
                target.mkdir(exist_ok=True)
            link = target / program.name
            link.unlink(missing_ok=True)
            link.symlink_to(program)
    return folder
