# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Older spellings in fly.toml that flyctl still reads, brought to today's.

Source: flyctl's appconfig/patches.go (2026-08).
"""

from __future__ import annotations

from typing import Any

Table = dict[str, Any]
_NAMES = {"mount": "mounts", "metric": "metrics", "compute": "vm", "computes": "vm"}


def modernized(definition: Table) -> Table:
    """A copy in today's spelling; what is in neither is left for the validation to name. A null is not there."""
    result: Table = {}
    for key, given in definition.items():
        value = given if key == "env" else _without_nulls(given)
        if value is None:
            continue
        name = _NAMES.get(key, key)
        known = name in result or (name != key and name in definition)
        result[name] = [*_list(result.get(name)), *_list(value)] if known and name in _NAMES.values() else value
    if result.get("services"):
        result["services"] = [_service(entry) for entry in _list(result["services"])]
    if isinstance(result.get("checks"), dict):
        result["checks"] = {name: _check(check) for name, check in result["checks"].items()}
    if isinstance(result.get("experimental"), dict):
        result["experimental"] = {
            key: [value] if key in ("cmd", "entrypoint", "exec") and isinstance(value, str) else value
            for key, value in result["experimental"].items()
        }
    return result


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value if inner is not None] if isinstance(value, list) else value


def _list(value: Any) -> list[Any]:
    if not value:
        return []
    return list(value) if isinstance(value, list) else [value]


def _service(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    service = {**entry, **({"internal_port": _number(entry["internal_port"])} if "internal_port" in entry else {})}
    limits = service.get("concurrency")
    if isinstance(limits, str) and limits.count(",") == 1:
        soft, hard = limits.split(",")
        service["concurrency"] = {"type": "requests", "soft_limit": _number(soft), "hard_limit": _number(hard)}
    if service.get("ports"):
        service["ports"] = [
            {**port, **({"port": _number(port["port"])} if "port" in port else {})} if isinstance(port, dict) else port
            for port in _list(service["ports"])
        ]
    for kind in ("tcp_checks", "http_checks"):
        if service.get(kind):
            service[kind] = [_check(check) for check in _list(service[kind])]
    return service


def _check(check: Any) -> Any:
    """`headers = [{name, value}]` to a table."""
    if not isinstance(check, dict) or not isinstance(check.get("headers"), list):
        return check
    pairs = [entry for entry in check["headers"] if isinstance(entry, dict) and "name" in entry]
    return {**check, "headers": {str(entry["name"]): entry.get("value", "") for entry in pairs}}


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value
