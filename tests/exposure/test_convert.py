"""convert.yml and drift: a living gateway changes its exposure, under a client that asks twice a second."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Run
from support.faults import FOREVER, add_fault, hits, let_leases_expire, poll, until
from support.site import Site

from .conftest import WANTED, Gateway

MARKER = "kept-by-the-agent"


def play(site: Site, name: str, *args: str, **options: Any) -> Run:
    """Run a playbook of ours with the site's inventory."""
    return site.ansible.playbook(REPO / "playbooks" / f"{name}.yml", *args, inventory=_inventory(site), **options)


def _inventory(site: Site) -> Path:
    (site.inventory / "hosts.yml").write_text(json.dumps({"gateways": {"hosts": {site.app: site.variables}}}))
    return site.inventory


class Client:
    """Asks for the gateway's health twice a second, over Flycast or the public edge, and counts what it misses."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.answers: list[tuple[float, bool]] = []

    def __enter__(self) -> Client:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.5):
            self.answers.append((time.monotonic(), self._reached()))

    def _reached(self) -> bool:
        """By either road: during a conversion one of them is there until the other is."""
        asked = {"app": self._gateway.site.app, "network": "flycast", "path": "/healthz"}
        try:
            if self._gateway.emulator.request("POST", "/emulator/v1/dial", asked).get("status") == 200:
                return True
        except OSError:
            return False
        return "200" in str(self._gateway.prove("name", exposure="private")["checks"][0]["findings"])

    @property
    def missed(self) -> float:
        """The longest time without an answer, in seconds."""
        longest = 0.0
        since = self.answers[0][0]
        for at, reached in self.answers:
            if reached:
                longest, since = max(longest, at - since - 0.5), at
        return round(max(longest, 0.0), 1)


PUBLIC = ["shared_v4", "v6"]
STEPS = [("private", ["private_v6"], 2), ("public", PUBLIC, 1), ("sealed", [], 2), ("private", ["private_v6"], 0)]


def test_a_living_gateway_is_converted(declare: Callable[..., Gateway], capsys: pytest.CaptureFixture[str]) -> None:
    """From each exposure to another; machine, volume, state and token stay. It is ready after its check has passed."""
    gateway = declare("living", "public", fly_app_env={"FEATHER_SLOW_START": "4"})
    gateway.site.converge()
    (gateway.site.data / MARKER).write_text("state of the gateway")
    for exposure, addresses, gone in STEPS:
        told = _converted(gateway, exposure, addresses, gone)
        with capsys.disabled():
            print(f"\n{told}")


def _converted(gateway: Gateway, exposure: str, addresses: list[str], gone: int) -> str:
    """What the run says of it, and what the client missed."""
    site = gateway.site
    machine, volume, token = site.machine["id"], site.volume["id"], gateway.token
    site.variables |= {"fly_app_exposure": exposure, "openclaw_convert_confirm": True}
    if exposure == "public":
        del site.variables["fly_app_exposure"]  # the default
    site.emulator.clear_journal()

    with Client(gateway) as client:
        run = play(site, "convert").ok()

    assert site.addresses == addresses
    assert (site.machine["id"], site.volume["id"], gateway.token) == (machine, volume, token)
    assert (site.data / MARKER).read_text() == "state of the gateway"
    writes = [line for line in site.writes() if "/ip_assignments" in line or line.endswith(f"/machines/{machine}")]
    update = next(n for n, line in enumerate(writes) if line.endswith(f"/machines/{machine}"))
    released = [n for n, line in enumerate(writes) if line.startswith("DELETE")]
    assert all(n > update for n in released), "services first, then the addresses that must go"
    assert len(released) == gone
    told = str(run.of("Print the outage")["msg"])
    seconds = re.search(r"is (\w+)\. It was unreachable for ([\d.]+) s, of which its own boot took ([\d.]+) s", told)
    assert seconds and seconds[1] == exposure, told
    assert gateway.prove("addresses", "name", "ports", exposure=exposure, addresses=WANTED[exposure]).get("msg") is None
    site.emulator.clear_journal()
    assert site.converge().changed == 0
    assert site.writes() == []
    return told if exposure == "sealed" else f"{told} A client that asks twice a second missed {client.missed} s."


KILLS = [
    pytest.param("private", "APP/ip_assignments$", 1, "after", id="private-address-assigned"),
    pytest.param("private", "APP/machines/[^/]+$", 1, "after", id="services-changed"),
    pytest.param("private", "APP/ip_assignments/[^/]+$", 1, "after", id="one-public-address-released"),
    pytest.param("public", "APP/ip_assignments$", 1, "after", id="one-public-address-assigned"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("to", "path", "nth", "when"), KILLS)
def test_an_interrupted_conversion_is_finished_by_the_next(
    declare: Callable[..., Gateway], request: pytest.FixtureRequest, to: str, path: str, nth: int, when: str
) -> None:
    gateway = declare(f"k-{request.node.callspec.id}", "public" if to == "private" else "private")
    site = gateway.site
    site.converge()
    machine, token = site.machine["id"], gateway.token
    site.variables |= {"fly_app_exposure": to, "openclaw_convert_confirm": True}
    rule = add_fault(site, path, nth=nth, when=when, action="timeout", seconds=FOREVER)
    started = site.ansible.start(REPO / "playbooks" / "convert.yml", inventory=_inventory(site))
    until(lambda: hits(site, rule) == 1, started, f"request {nth} to {path}")
    started.kill()
    started.process.communicate()
    assert poll(lambda: any(entry["fault"] == rule for entry in site.emulator.journal())), "the request never ended"
    site.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(site)

    play(site, "convert").ok()

    assert site.addresses == {"private": ["private_v6"], "public": PUBLIC}[to]
    assert (site.machine["id"], gateway.token) == (machine, token)
    assert gateway.prove("addresses", "name", "ports", exposure=to, addresses=WANTED[to]).get("msg") is None


def test_a_private_gateway_does_not_become_public_unasked(private: Gateway) -> None:
    site = private.site
    site.variables = {key: value for key, value in site.variables.items() if key != "fly_app_exposure"}
    site.emulator.clear_journal()

    refused = site.run().failed()

    assert "the app is private; the run would open it to the internet" in refused.output
    assert "openclaw.fly.convert, which asks first" in refused.output
    refused = play(site, "convert").failed()
    assert "stays private" in refused.output
    assert site.writes() == []
    assert site.addresses == ["private_v6"]
    site.variables["fly_app_exposure"] = "private"


def test_drift_is_caught_and_repaired(private: Gateway) -> None:
    """Somebody allocates a public address behind our back."""
    site = private.site
    site.emulator.request("POST", f"/v1/apps/{site.app}/ip_assignments", {"type": "v4"})

    caught = play(site, "verify").failed()

    assert re.search(r"\[addresses\] the app holds v4 [\d.]+; none declared", caught.output)
    assert "[name]" in caught.output and "[ports]" in caught.output
    assert site.converge().changed == 1
    assert site.addresses == ["private_v6"]
    assert play(site, "verify").ok().changed == 0


def test_no_public_address_at_any_instant(declare: Callable[..., Gateway]) -> None:
    gateway = declare("first-private", "private")
    gateway.emulator.clear_journal()

    gateway.site.converge()

    writes = gateway.site.journal("write")
    allocations = [entry for entry in writes if "/ip_assignments" in entry["path"]]
    assert [(entry["method"], entry["path"]) for entry in allocations] == [
        ("POST", "/v1/apps/first-private/ip_assignments")
    ]
    assert gateway.site.addresses == ["private_v6"]
    first_machine = next(n for n, entry in enumerate(writes) if entry["path"].endswith("/machines"))
    assert writes.index(allocations[0]) < first_machine


@pytest.mark.parametrize("playbook", ["public", "private"])
def test_the_exposure_can_be_the_playbooks(declare: Callable[..., Gateway], playbook: str) -> None:
    gateway = declare(f"by-{playbook}", "sealed")

    play(gateway.site, playbook).ok()

    assert gateway.site.addresses == {"public": ["shared_v4", "v6"], "private": ["private_v6"]}[playbook]
