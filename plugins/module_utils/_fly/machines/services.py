# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine serves through Fly's proxy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .deployed import is_live


def is_stopped_by_demand(service: Mapping[str, Any]) -> bool:
    """Whether Fly's proxy stops or suspends the machine when nobody asks for this service of its configuration."""
    return service.get("autostop") not in (None, False, "off")


@dataclass(frozen=True)
class Port:
    """A port, or a range of ports, that Fly's proxy leads to a machine."""

    machine: str
    protocol: str
    """tcp or udp."""
    first: int
    last: int
    """The same as `first` for a single port."""
    internal_port: int | None
    handlers: tuple[str, ...] = ()
    force_https: bool = False

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol}/{ports}"

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and self.first <= port <= self.last


def published(machine: Mapping[str, Any]) -> list[Port]:
    """The ports of one machine, whatever made it. A service without `ports` leads nowhere."""
    services = (machine.get("config") or {}).get("services") or []
    return [
        _port(str(machine.get("id") or ""), service, entry)
        for service in services
        for entry in service.get("ports") or []
    ]


def published_by(machines: Iterable[Mapping[str, Any]]) -> list[Port]:
    """The ports of all machines of an app that are not gone: one-off machines too, stopped ones too."""
    return [port for machine in machines if is_live(machine) for port in published(machine)]


def _port(machine: str, service: Mapping[str, Any], entry: Mapping[str, Any]) -> Port:
    """`port`, or `start_port` and `end_port`; either end alone stands for one port, and none for all of them."""
    single, start, end = (entry.get(key) for key in ("port", "start_port", "end_port"))
    first = single or start or end or 1
    last = single or end or start or 65535
    return Port(
        machine,
        str(service.get("protocol") or "tcp"),
        int(first),
        int(last),
        service.get("internal_port"),
        tuple(str(handler) for handler in entry.get("handlers") or []),
        bool(entry.get("force_https")),
    )
