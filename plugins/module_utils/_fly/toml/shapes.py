# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands where in fly.toml: a text, a number, a table. Told before anything looks into it.

Source: flyctl's appconfig/config.go (2026-08), and its limits for volumes that grow by themselves.
"""

from __future__ import annotations

import re
from typing import Any

Table = dict[str, Any]

_KINDS: dict[str, tuple[type, ...]] = {
    "a text": (str,),
    "a whole number": (int,),
    "true or false": (bool,),
    "a time, such as 15s": (str, int, float),
    "an amount, such as 1gb": (str, int),
    "a table": (dict,),
}
_TEXT, _NUMBER, _FLAG, _TIME, _AMOUNT, _TABLE = _KINDS
_TEXTS, _TABLES = "a list of texts", "a table, or a list of tables"
_CHECK = {
    "type": _TEXT, "port": _NUMBER, "interval": _TIME, "timeout": _TIME, "grace_period": _TIME, "method": _TEXT,
    "path": _TEXT, "protocol": _TEXT, "tls_skip_verify": _FLAG, "tls_server_name": _TEXT, "headers": _TABLE,
    "processes": _TEXTS,
}  # fmt: skip
_SERVICE = {
    "auto_start_machines": _FLAG, "min_machines_running": _NUMBER, "processes": _TEXTS, "concurrency": _TABLE,
}  # fmt: skip
_SHAPES: dict[str, dict[str, str]] = {
    "": {
        "app": _TEXT, "primary_region": _TEXT, "kill_signal": _TEXT, "kill_timeout": _TIME, "swap_size_mb": _NUMBER,
        "console_command": _TEXT, "host_dedication_id": _TEXT, "experimental": _TABLE, "build": _TABLE,
        "deploy": _TABLE, "env": _TABLE, "processes": _TABLE, "mounts": _TABLES, "http_service": _TABLE,
        "services": _TABLES, "checks": _TABLE, "files": _TABLES, "restart": _TABLES, "vm": _TABLES,
        "statics": _TABLES, "metrics": _TABLES,
    },
    "mounts": {
        "source": _TEXT, "destination": _TEXT, "initial_size": _AMOUNT, "snapshot_retention": _NUMBER,
        "scheduled_snapshots": _FLAG, "auto_extend_size_threshold": _NUMBER, "auto_extend_size_increment": _AMOUNT,
        "auto_extend_size_limit": _AMOUNT, "processes": _TEXTS,
    },
    "http_service": {
        **_SERVICE, "force_https": _FLAG, "tls_options": _TABLE, "http_options": _TABLE, "checks": _TABLES,
    },
    "services": {
        **_SERVICE, "protocol": _TEXT, "ports": _TABLES, "tcp_checks": _TABLES, "http_checks": _TABLES,
    },
    "files": {
        "guest_path": _TEXT, "local_path": _TEXT, "secret_name": _TEXT, "raw_value": _TEXT, "processes": _TEXTS,
    },
    "restart": {"policy": _TEXT, "retries": _NUMBER, "processes": _TEXTS},
    "vm": {
        "size": _TEXT, "memory": _AMOUNT, "cpus": _NUMBER, "cpu_kind": _TEXT, "memory_mb": _NUMBER, "gpus": _NUMBER,
        "gpu_kind": _TEXT, "host_dedication_id": _TEXT, "persist_rootfs": _TEXT, "processes": _TEXTS,
    },
    "statics": {"guest_path": _TEXT, "url_prefix": _TEXT, "tigris_bucket": _TEXT, "index_document": _TEXT},
    "metrics": {"port": _NUMBER, "path": _TEXT, "https": _FLAG, "processes": _TEXTS},
}  # fmt: skip
_AUTO_STOP = ("off", "stop", "suspend", True, False)
_GROWTH = {
    "auto_extend_size_threshold": (50, 99, "percent"),
    "auto_extend_size_increment": (1, 100, "GB"),
    "auto_extend_size_limit": (1, 500, "GB"),
}
_GIGABYTES = re.compile(r"(\d+)(gb)?", re.IGNORECASE)


def misshapen(definition: Table) -> list[str]:
    """A line for each value that is not what stands there; nothing else may be asked of a definition that has one."""
    problems = _fields("", definition)
    if problems:
        return problems
    for name, table in _each(definition, *(name for name in _SHAPES if name)):
        problems += _fields(name, table)
    for name, command in (definition.get("processes") or {}).items():
        problems += _field(f"processes.{name}", command, _TEXT)
    for name, check in (definition.get("checks") or {}).items():
        problems += _field(f"checks.{name}", check, _TABLE) or _fields(f"checks.{name}", check, _CHECK)
    if problems:
        return problems
    for name, service in _each(definition, "http_service", "services"):
        for kind in ("checks", "tcp_checks", "http_checks"):
            for check in _tables(service.get(kind)):
                problems += _fields(f"{name}.{kind}", check, _CHECK)
        if service.get("auto_stop_machines") not in (None, *_AUTO_STOP):
            given = service["auto_stop_machines"]
            problems.append(f"{name}.auto_stop_machines: off, stop or suspend is wanted, not {given!r}")
    for _name, mount in _each(definition, "mounts"):
        problems += [line for key in _GROWTH if mount.get(key) is not None for line in _growth(key, mount[key])]
    pathless = [name for name, file in _each(definition, "files") if not file.get("guest_path")]
    return problems + [f"{name}.guest_path: missing" for name in pathless]


def _fields(name: str, table: Table, shapes: dict[str, str] | None = None) -> list[str]:
    found = _SHAPES[name] if shapes is None else shapes
    prefix = f"{name}." if name else ""
    given = [(key, kind) for key, kind in found.items() if table.get(key) is not None]
    return [line for key, kind in given for line in _field(prefix + key, table[key], kind)]


def _field(where: str, value: Any, kind: str) -> list[str]:
    if kind == _TEXTS:
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif kind == _TABLES:
        fits = isinstance(value, dict) or (isinstance(value, list) and all(isinstance(item, dict) for item in value))
    else:
        fits = isinstance(value, _KINDS[kind]) and (kind == _FLAG or not isinstance(value, bool))
    return [] if fits else [f"{where}: {kind} is wanted, not {value!r}"]


def _growth(key: str, value: Any) -> list[str]:
    low, high, unit = _GROWTH[key]
    found = _GIGABYTES.fullmatch(str(value))
    if found and low <= int(found[1]) <= high:
        return []
    return [f"mounts.{key}: {low} to {high} {unit} is wanted, not {value!r}"]


def _each(definition: Table, *names: str) -> list[tuple[str, Table]]:
    return [(name, table) for name in names for table in _tables(definition.get(name))]


def _tables(value: Any) -> list[Table]:
    return value if isinstance(value, list) else [value] if value else []
