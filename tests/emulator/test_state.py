"""The state directory under stress: a full disk, files of another shape, broken keys."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from emulator.client import App, Client, Machine
from emulator.test_emulator import cli

from fly_emulator.platform import addresses
from fly_emulator.state.codec import decode
from fly_emulator.state.memento import Memento
from fly_emulator.state.model import App as Record


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may hold a byte more: writes fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _volume(app: App, _: Machine) -> Any:
    return app.client.post(f"{app.path}/volumes", {"name": "more", "size_gb": 1})


CHANGES: dict[str, Callable[[App, Machine], Any]] = {
    "app": lambda app, _: app.client.post("/v1/apps", {"name": f"{app.name}-2", "org_slug": "personal"}),
    "volume": _volume,
    "secrets": lambda app, _: app.client.post(f"{app.path}/secrets", {"values": {"A": "other", "B": "2"}}),
    "address": lambda app, _: app.client.post(f"{app.path}/ip_assignments", {"type": "v6"}),
    "certificate": lambda app, _: app.client.post(f"{app.path}/certificates/acme", {"hostname": "a.example.com"}),
    "lease": lambda app, machine: machine.post("lease?ttl=100"),
    "metadata": lambda app, machine: machine.post("metadata/key", {"value": "other"}),
    "cordon": lambda app, machine: machine.post("cordon"),
    "stop": lambda app, machine: machine.post("stop"),
    "machine": lambda app, machine: app.client.post(f"{app.path}/machines", {"config": machine.view()["config"]}),
    "update": lambda app, machine: app.client.post(
        machine.path, {"config": {**machine.view()["config"], "metadata": {"new": "1"}}}
    ),
    "release": lambda app, _: app.client.post(
        "/api/v1/releases", {"app_name": app.name, "image": "a", "strategy": "ROLLING"}
    ),
    "deletion": lambda app, _: app.client.delete(app.path),
}


@pytest.fixture
def machine(app: App) -> Machine:
    app.client.post(f"{app.path}/secrets", {"values": {"A": "value"}})
    app.volume()
    return app.machine(metadata={"key": "value"})


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_cannot_be_saved_is_undone(app: App, machine: Machine, change: str) -> None:
    store = app.client.emulator.context.store
    before, known = dataclasses.asdict(store.apps[app.name]), list(store.apps)
    with full_disk():
        answer = CHANGES[change](app, machine)
    assert (answer.status, "could not save this change, so it is undone" in answer.error) == (500, True)
    assert dataclasses.asdict(store.apps[app.name]) == before
    assert list(store.apps) == known
    kept = json.loads((store.directory / "apps" / f"{app.name}.json").read_text())
    assert kept == before, "and so it is after a restart"
    assert not list((store.directory / "apps").glob("*.new"))
    held = store.apps[app.name].machines[machine.id]
    assert app.client.emulator.fleet.runner(held).machine is held, "the runner drives the machine that is listed"
    done = CHANGES[change](app, machine)
    assert done.status in (200, 201, 202, 204), done.text


def test_what_happens_to_a_machine_on_a_full_disk_is_known_and_saved_later(app: App) -> None:
    machine = app.machine(init={"exec": ["sh", "-c", "sleep 0.5; exit 3"]}, restart={"policy": "no"})
    with full_disk():
        machine.wait("stopped")
    assert ("exit", "stopped") in machine.events()
    app.client.post(f"{app.path}/secrets", {"values": {"A": "value"}})
    kept = json.loads((app.client.emulator.context.store.directory / "apps" / f"{app.name}.json").read_text())
    assert kept["machines"][machine.id]["state"] == "stopped"


def test_a_memento_puts_back_into_the_same_objects() -> None:
    app = Record("a", "id", 1, "personal", "", 0.0)
    nested: dict[str, Any] = {"list": [{"a": 1}], "gone": 1}
    app.ips, definition = [], nested["list"]
    app.hostnames = nested
    memento = Memento(app)
    nested["list"][0]["a"] = 2
    nested["list"].append(3)
    del nested["gone"]
    nested["new"] = 1
    app.deleting, app.network = True, "other"
    memento.restore()
    assert (app.deleting, app.network, app.hostnames is nested, nested["list"] is definition) == (False, "", True, True)
    assert nested == {"list": [{"a": 1}], "gone": 1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Expecting"),
        ("[]", "it must be an object, not list"),
        ('"text"', "it must be an object, not str"),
        ("null", "it must be an object, not NoneType"),
        ("{}", "name is missing"),
        ('{"name": 1}', "id is missing"),
        ('{"name": ["x"], "id": "", "number": 1, "org": "", "network": "", "created_at": 1}', "name must be str"),
        ('{"name": "x", "id": "", "number": true, "org": "", "network": "", "created_at": 1}', "number must be int"),
        (
            '{"name": "x", "id": "", "number": 1, "org": "", "network": "", "created_at": 1, "volumes": {"v": []}}',
            "volumes.v must be an object, not list",
        ),
        (
            '{"name": "x", "id": "", "number": 1, "org": "", "network": "", "created_at": 1, "ips": [{"ip": "::"}]}',
            "ips[0].kind is missing",
        ),
        ('{"name": "y", "id": "", "number": 1, "org": "", "network": "", "created_at": 1}', "it is about 'y'"),
        ("[" * 100_000, "recursion"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_state_file_of_another_shape_is_named(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "x.json").write_text(text)
    answer = cli(tmp_path, "start", "--runtime", "process", "--api-port", "0")
    assert answer.returncode == 1
    assert f"{tmp_path}/apps/x.json cannot be read" in answer.stderr
    assert why in answer.stderr
    assert "Move it away" in answer.stderr
    assert "Traceback" not in answer.stderr + (tmp_path / "emulator.log").read_text()


def test_a_record_reads_back_what_was_written() -> None:
    app = Record("a", "id", 1, "personal", "", 0)
    assert decode(Record, json.loads(json.dumps(dataclasses.asdict(app)))) == app


def _another_key(tls: Path) -> None:
    (tls / "ca-key.pem").write_bytes(trustme.CA().private_key_pem.bytes())


BREAK: dict[str, Callable[[Path], Any]] = {
    "empty key": lambda tls: (tls / "ca-key.pem").write_text(""),
    "not PEM": lambda tls: (tls / "ca-key.pem").write_text("nonsense"),
    "another key": _another_key,
    "broken certificate": lambda tls: (tls / "ca.pem").write_text("nonsense"),
}


@pytest.mark.parametrize("broken", BREAK)
def test_a_broken_certificate_authority_is_named(tmp_path: Path, cache: Path, broken: str) -> None:
    tls = tmp_path / "tls"
    tls.mkdir()
    authority = trustme.CA()
    (tls / "ca.pem").write_bytes(authority.cert_pem.bytes())
    (tls / "ca-key.pem").write_bytes(authority.private_key_pem.bytes())
    BREAK[broken](tls)
    ports = ("--api-port", "0", "--edge-http-port", "0", "--edge-https-port", "0", "--runtime", "process")
    answer = cli(tmp_path, "start", *ports, "--cache-dir", str(cache))
    assert answer.returncode == 1
    assert f"certificate authority in {tls} is broken" in answer.stderr
    assert f"Remove {tls}/ca.pem and {tls}/ca-key.pem" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_addresses_belong_to_nobody_and_to_one_app_each(fly: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    app = fly.app()
    monkeypatch.setitem(addresses.RANGES, "v4", ("198.51.100.248/29",))
    given = [app.ip("v4") for _ in range(6)]
    assert len(set(given)) == 6
    assert all(ipaddress.ip_address(ip) in ipaddress.ip_network("198.51.100.248/29") for ip in given)
    full = fly.post(f"{app.path}/ip_assignments", {"type": "v4"})
    assert (full.status, "no v4 address left" in full.error) == (412, True)
