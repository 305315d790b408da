# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds between the sections of a fly.toml, and no schema says: groups, ports, times, mounts, sizes.

Source: flyctl's appconfig/validation.go (August 2026) and the limits of the Machines API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..._base.errors import CollectionError
from ..facts.guests import guest
from ..facts.units import gigabytes
from .commands import words
from .durations import seconds

if TYPE_CHECKING:
    from .definition import FlyToml

Rule = Callable[["FlyToml"], Iterator[str]]
_GROWTH = {"auto_extend_size_increment": (1, 100), "auto_extend_size_limit": (1, 500)}


def problems(toml: FlyToml) -> list[str]:
    """A line for each; asked only of what fits the schema."""
    return [line for rule in RULES for line in rule(toml)]


def groups_exist(toml: FlyToml) -> Iterator[str]:
    known = ", ".join(toml.groups)
    for name, entry in toml.grouped_sections():
        for group in entry.get("processes") or []:
            if group not in toml.groups:
                yield f"{name}.processes: there is no process group {group!r} (there is {known})"
        if name in ("http_service", "services") and toml.data.get("processes") and not entry.get("processes"):
            yield f"{name}: name its processes, as there is [processes] ({known})"


def commands_can_be_split(toml: FlyToml) -> Iterator[str]:
    commands = {f"processes.{group}": text for group, text in (toml.data.get("processes") or {}).items()}
    commands["deploy.release_command"] = (toml.data.get("deploy") or {}).get("release_command", "")
    commands["console_command"] = toml.data.get("console_command", "")
    for where, command in commands.items():
        try:
            words(command)
        except ValueError as error:
            yield f"{where}: cannot be split into words: {error}"


def checks_are_timed_as_the_api_allows(toml: FlyToml) -> Iterator[str]:
    """[checks] from 2 s on; those of a service from 1 s on: the platform changes others, so they never match."""
    for where, check in toml.all_checks():
        least = 2 if where.startswith("checks.") else 1
        if "interval" in check and seconds(check["interval"]) < least:
            yield f"{where}.interval: must be at least {least}s, not {check['interval']}"
        if "timeout" in check and seconds(check["timeout"]) > 60:
            yield f"{where}.timeout: must be at most 60s, not {check['timeout']}"


def checks_have_a_port(toml: FlyToml) -> Iterator[str]:
    http = toml.data.get("http_service")
    for name, check in (toml.data.get("checks") or {}).items():
        for group in [] if check.get("port") else toml.groups:
            if toml.applies(check, group) and not (http and toml.applies(http, group)):
                yield f"checks.{name}.port: missing, and {group} has no [http_service] to take it from"


def ports_are_complete(toml: FlyToml) -> Iterator[str]:
    for service in toml.data.get("services") or []:
        for port in service.get("ports") or []:
            if ("start_port" in port) != ("end_port" in port):
                yield "services.ports: start_port and end_port belong together"
            elif port.get("start_port", 0) > port.get("end_port", 0):
                yield "services.ports: start_port is greater than end_port"


def mounts_fit(toml: FlyToml) -> Iterator[str]:
    for group in toml.groups:
        count = sum(toml.applies(mount, group) for mount in toml.data.get("mounts") or [])
        if count > 1:
            yield f"mounts: a process group has one mount, {group} has {count}"
    for mount in toml.data.get("mounts") or []:
        size = mount.get("initial_size")
        if size is not None and (gigabytes(size) or 0) < 1:
            yield f"mounts.initial_size: must be a size of at least 1gb, not {size!r}"
        yield from _growth(mount)
    strategy = toml.strategy
    if toml.data.get("mounts") and strategy in ("canary", "bluegreen"):
        yield f"deploy.strategy: {strategy} cannot be used with [mounts]; use rolling"


def _growth(mount: dict[str, object]) -> Iterator[str]:
    threshold = mount.get("auto_extend_size_threshold")
    sizes = {key: gigabytes(mount[key]) for key in _GROWTH if mount.get(key)}
    for key, size in sizes.items():
        low, high = _GROWTH[key]
        if size is None or not low <= size <= high:
            yield f"mounts.{key}: must be {low} to {high} GB, not {mount[key]!r}"
    if not threshold and not sizes:
        return
    if not isinstance(threshold, int) or not 50 <= threshold <= 99:
        yield f"mounts.auto_extend_size_threshold: must be 50 to 99 percent, not {threshold!r}"
    if "auto_extend_size_increment" not in sizes:
        yield "mounts.auto_extend_size_increment: missing, beside the other two of auto_extend_size"


def the_machine_is_stopped_in_time(toml: FlyToml) -> Iterator[str]:
    if "kill_timeout" in toml.data and seconds(toml.data["kill_timeout"]) > 300:
        yield "kill_timeout: must be at most 300s"


def sizes_exist(toml: FlyToml) -> Iterator[str]:
    tables = [("vm", vm) for vm in toml.data.get("vm") or []]
    release = (toml.data.get("deploy") or {}).get("release_command_vm")
    for where, vm in [*tables, *([("deploy.release_command_vm", release)] if release else [])]:
        try:
            guest(vm, where)
        except CollectionError as error:
            yield str(error).rstrip(".")


def one_container(toml: FlyToml) -> Iterator[str]:
    given = {
        "experimental.machine_config": (toml.data.get("experimental") or {}).get("machine_config"),
        "build.compose": toml.build.get("compose"),
    }
    for where, value in given.items():
        if value:
            yield f"{where}: machines of several containers are not supported: deploy this file with flyctl"


RULES: tuple[Rule, ...] = (
    one_container,
    groups_exist,
    commands_can_be_split,
    checks_are_timed_as_the_api_allows,
    checks_have_a_port,
    ports_are_complete,
    mounts_fit,
    the_machine_is_stopped_in_time,
    sizes_exist,
)
