# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fly.toml in one form: every spelling that flyctl reads, brought to today's. What nobody reads is left as it is.

Source: flyctl's appconfig/patches.go (August 2026).
"""

from __future__ import annotations

from typing import Any

from .durations import text_of

Table = dict[str, Any]
_LISTS = frozenset({"files", "machine_checks", "metrics", "mounts", "restart", "services", "statics", "vm"})
_TABLES = frozenset({"build", "checks", "deploy", "env", "experimental", "processes"})
_TIMES = ("interval", "timeout", "grace_period")


def normalized(definition: Table) -> Table:
    """A copy in today's spelling. A null is absent, but in [env], where it is left for the judge to name."""
    result: Table = {key: value if key == "env" else _without_nulls(value) for key, value in definition.items()}
    result = {key: value for key, value in result.items() if value is not None}
    _environment(result)
    _processes(result)
    _experimental(result)
    for name, *others in (("vm", "compute", "computes"), ("mounts", "mount"), ("metrics", "metric")):
        _gather(result, name, *others)
    _amounts(result)
    if "services" in result:
        given = _as_list(result["services"])
        result["services"] = [_service(entry) for entry in given] if isinstance(given, list) else given
    _checks(result)
    if isinstance(result.get("build"), dict) and "build_target" in result["build"]:
        build = dict(result["build"])
        result["build"] = {**build, "build-target": build.pop("build_target")}
        del result["build"]["build_target"]
    if "kill_timeout" in result:
        result["kill_timeout"] = text_of(result["kill_timeout"], 1.0)
    return {key: value for key, value in result.items() if not _says_nothing(key, value)}


def _says_nothing(key: str, value: object) -> bool:
    return (key in _LISTS and value == []) or (key in _TABLES and value == {})


def _without_nulls(value: object) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value if inner is not None] if isinstance(value, list) else value


def _as_list(value: object) -> Any:
    """[x] as [[x]], where flyctl takes both."""
    return [value] if isinstance(value, dict) else value


def _gather(result: Table, name: str, *others: str) -> None:
    """One list of what stands under several names, in flyctl's order: older names first."""
    found: list[object] = []
    for key in (*others, name):
        if key in result:
            given = _as_list(result.pop(key))
            if not isinstance(given, list):
                result[name] = given
                return
            found += given
    if found:
        result[name] = found


def _environment(result: Table) -> None:
    """[[env]] tables are one."""
    if isinstance(result.get("env"), list) and all(isinstance(entry, dict) for entry in result["env"]):
        result["env"] = {name: value for entry in result["env"] for name, value in entry.items()}


def _processes(result: Table) -> None:
    """`[[processes]]` with name and command."""
    given = result.get("processes")
    if isinstance(given, list):
        named = [entry for entry in given if isinstance(entry, dict) and "name" in entry]
        result["processes"] = {str(entry["name"]): str(entry.get("command", "")) for entry in named}


def _experimental(result: Table) -> None:
    given = result.get("experimental")
    if not isinstance(given, dict):
        return
    if "kill_timeout" in given and "kill_timeout" not in result:
        result["kill_timeout"] = given["kill_timeout"]
    metrics = {key: given[f"metrics_{key}"] for key in ("port", "path") if f"metrics_{key}" in given}
    if metrics and "metrics" not in result:
        result["metrics"] = metrics
    result["experimental"] = {
        key: [value] if key in ("cmd", "entrypoint", "exec") and isinstance(value, str) else value
        for key, value in given.items()
    }


def _amounts(result: Table) -> None:
    """A number for a size is text to flyctl, which it then reads as that many of the unit."""
    for section, key in (("vm", "memory"), ("mounts", "initial_size")):
        if isinstance(result.get(section), list):
            result[section] = [
                {**entry, key: str(entry[key])} if isinstance(entry, dict) and _is_number(entry.get(key)) else entry
                for entry in result[section]
            ]


def _service(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    service = {**entry, **({"internal_port": number(entry["internal_port"])} if "internal_port" in entry else {})}
    limits = service.get("concurrency")
    if isinstance(limits, str) and limits.count(",") == 1:
        soft, hard = (number(part) for part in limits.split(","))
        service["concurrency"] = {"type": "requests", "soft_limit": soft, "hard_limit": hard}
    ports = _as_list(service.get("ports"))
    if isinstance(ports, list):
        service["ports"] = [
            {**port, "port": number(port["port"])} if isinstance(port, dict) and "port" in port else port
            for port in ports
        ]
    for kind in ("tcp_checks", "http_checks"):
        found = _as_list(service.get(kind))
        if isinstance(found, list):
            service[kind] = [_check(check) for check in found]
    return service


def _checks(result: Table) -> None:
    """[[checks]] with a name, and [checks.NAME]."""
    given = result.get("checks")
    if isinstance(given, list) and all(isinstance(check, dict) and "name" in check for check in given):
        given = {str(check["name"]): {k: v for k, v in check.items() if k != "name"} for check in given}
    result.pop("checks", None)
    if isinstance(given, dict):
        result["checks"] = {name: _check(check) for name, check in given.items()}
    elif given is not None:
        result["checks"] = given


def _check(check: object) -> object:
    """Numbers are milliseconds here; `headers = [{name, value}]` is a table."""
    if not isinstance(check, dict):
        return check
    found = {key: text_of(value, 0.001) if key in _TIMES else value for key, value in check.items()}
    pairs = found.get("headers")
    if isinstance(pairs, list) and all(isinstance(entry, dict) and "name" in entry for entry in pairs):
        found["headers"] = {str(entry["name"]): entry.get("value", "") for entry in pairs}
    return {key: value for key, value in found.items() if not (key in _TIMES and value == "")}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: object) -> object:
    """A number that is written as text; what is none stays as it is, and the schema refuses it."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value
