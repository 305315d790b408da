"""Which ports machines publish."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.services import published, published_by


def machine(*services: Any, **more: Any) -> dict[str, Any]:
    return {"id": "m1", "state": "started", "config": {"services": list(services)}, **more}


@pytest.mark.parametrize(
    ("services", "ports"),
    [
        ([], []),
        ([{"internal_port": 3000}], []),
        ([{"internal_port": 3000, "ports": None}], []),
        ([{"internal_port": 3000, "ports": [{"port": 443}]}], ["tcp/443"]),
        ([{"protocol": "udp", "ports": [{"start_port": 5000, "end_port": 5009}]}], ["udp/5000-5009"]),
        ([{"ports": [{"start_port": 5000}]}, {"ports": [{"end_port": 60}]}], ["tcp/5000", "tcp/60"]),
        ([{"ports": [{}]}], ["tcp/1-65535"]),
        ([{"ports": [{"port": 80}, {"port": 443}]}], ["tcp/80", "tcp/443"]),
    ],
)
def test_ports(services: list[Any], ports: list[str]) -> None:
    assert [str(port) for port in published(machine(*services))] == ports


def test_what_is_known_of_a_port() -> None:
    service = {"internal_port": 3000, "ports": [{"port": 80, "handlers": ["http"], "force_https": True}]}
    (port,) = published(machine(service))
    assert (port.machine, port.internal_port, port.handlers, port.force_https) == ("m1", 3000, ("http",), True)
    (many,) = published(machine({"ports": [{"start_port": 100, "end_port": 200}]}))
    assert 150 in many and 99 not in many and "150" not in many


@pytest.mark.parametrize("empty", [{}, {"config": None}, {"config": {}}, {"config": {"services": None}}])
def test_a_machine_without_services(empty: dict[str, Any]) -> None:
    assert published(empty) == []


def test_every_machine_counts() -> None:
    """One that `fly machine run` made has no metadata of the platform; one that is gone serves nothing."""
    service = {"internal_port": 3000, "ports": [{"port": 443}]}
    one_off, stopped = machine(service), machine(service, state="stopped")
    gone = machine(service, state="destroyed")
    assert len(published_by([one_off, stopped, gone])) == 2
