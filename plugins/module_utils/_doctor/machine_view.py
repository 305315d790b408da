# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine's configuration means for the gateway in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from .._base.errors import CollectionError
from .._fly.client.types import Machine
from .._fly.machines.config import in_maintenance
from .._fly.machines.deployed import ONE_OFF, group_of
from .._fly.machines.judge import is_standby
from .._fly.toml.durations import seconds
from .._openclaw.errors import InvalidValue
from .._openclaw.process import DEFAULT_PORT, GatewayCommand, parse

_HEAP = re.compile(r"--max[-_]old[-_]space[-_]size[= ](\d+)")


def gateways(machines: Iterable[Machine]) -> list[Machine]:
    """The machines that are no one-off and no standby; those whose command starts a gateway where any does, then those
    with a volume; started ones first."""
    working = [one for one in machines if group_of(one) not in ONE_OFF and not is_standby(one)]
    named = [one for one in working if command_of(one) or in_maintenance(one.get("config") or {})]
    mounting = [one for one in working if (one.get("config") or {}).get("mounts")]
    return sorted(named or mounting or working, key=lambda one: (one.get("state") != "started", one["id"]))


def argv_of(machine: Machine) -> list[str]:
    """The command that the configuration gives; empty where the image's own runs."""
    init = (machine.get("config") or {}).get("init") or {}
    for key in ("exec", "cmd"):
        if init.get(key):
            return [str(word) for word in init[key]]
    return [str(word) for word in init.get("entrypoint") or []]


def command_of(machine: Machine) -> GatewayCommand | None:
    """The gateway's command, also one that a shell or a supervisor is given; None where it cannot be seen."""
    argv = argv_of(machine)
    nested = [word for word in argv if " gateway" in word]
    for text in (shlex.join(argv), *nested):
        try:
            return parse(text)
        except InvalidValue:
            continue
    return None


def port_of(machine: Machine) -> int | None:
    """Where the gateway listens, as the configuration has it; None where the command cannot be seen."""
    command = command_of(machine)
    if command is None:
        return None
    given = str(((machine.get("config") or {}).get("env") or {}).get("OPENCLAW_GATEWAY_PORT") or "")
    return command.port or (int(given) if given.isdigit() else DEFAULT_PORT)


def memory_mb(config: Mapping[str, Any]) -> int | None:
    found = (config.get("guest") or {}).get("memory_mb")
    return int(found) if found else None


def heap_mb(config: Mapping[str, Any]) -> int | None:
    """V8's limit in MB, from NODE_OPTIONS or the command; None where none is set."""
    env, init = config.get("env") or {}, config.get("init") or {}
    texts = [str(env.get("NODE_OPTIONS") or ""), *(" ".join(map(str, init.get(key) or [])) for key in ("exec", "cmd"))]
    found = [int(match[1]) for text in texts for match in _HEAP.finditer(text)]
    return found[-1] if found else None


def all_checks(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The checks of the machine and of its services."""
    listed = [dict(check) for check in (config.get("checks") or {}).values()]
    return listed + [dict(check) for service in config.get("services") or [] for check in service.get("checks") or []]


def seconds_of(value: object) -> float:
    """A duration of a machine's configuration in seconds; 0 where there is none."""
    try:
        return seconds(value) if value else 0.0
    except CollectionError:
        return 0.0
