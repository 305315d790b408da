# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fly.toml: read it, and say what is wrong with it before anything is touched.

Keys and rules: flyctl's appconfig (2026-08), fly-platform facts of 2026-08.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

from ..._base.errors import CollectionError
from ..facts.guests import guest
from .durations import seconds
from .old_forms import modernized
from .shapes import misshapen

Definition = dict[str, Any]

_SERVICE_KEYS = frozenset(
    [
        "protocol",
        "internal_port",
        "auto_stop_machines",
        "auto_start_machines",
        "min_machines_running",
        "ports",
        "processes",
        "concurrency",
        "tcp_checks",
        "http_checks",
        "machine_checks",
    ]
)
_CHECK_KEYS = frozenset(
    [
        "type",
        "port",
        "interval",
        "timeout",
        "grace_period",
        "method",
        "path",
        "protocol",
        "tls_skip_verify",
        "tls_server_name",
        "headers",
        "processes",
    ]
)
KEYS: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(
        [
            "app",
            "primary_region",
            "kill_signal",
            "kill_timeout",
            "swap_size_mb",
            "console_command",
            "host_dedication_id",
        ]
    ),
    "experimental": None,
    "build": frozenset(
        [
            "builder",
            "args",
            "buildpacks",
            "image",
            "settings",
            "builtin",
            "dockerfile",
            "ignorefile",
            "build-target",
            "compose",
            "compression",
            "compression_level",
        ]
    ),
    "deploy": frozenset(
        [
            "strategy",
            "max_unavailable",
            "wait_timeout",
            "release_command",
            "release_command_timeout",
            "release_command_vm",
            "release_command_compute",
            "seed_command",
        ]
    ),
    "env": None,
    "processes": None,
    "mounts": frozenset(
        [
            "source",
            "destination",
            "initial_size",
            "snapshot_retention",
            "scheduled_snapshots",
            "auto_extend_size_threshold",
            "auto_extend_size_increment",
            "auto_extend_size_limit",
            "processes",
        ]
    ),
    "http_service": frozenset(
        [
            "internal_port",
            "force_https",
            "auto_stop_machines",
            "auto_start_machines",
            "min_machines_running",
            "processes",
            "concurrency",
            "tls_options",
            "http_options",
            "checks",
            "machine_checks",
        ]
    ),
    "services": _SERVICE_KEYS,
    "checks": None,
    "machine_checks": None,
    "files": frozenset(["guest_path", "local_path", "secret_name", "raw_value", "processes"]),
    "restart": frozenset(["policy", "retries", "processes"]),
    "vm": frozenset(
        [
            "size",
            "memory",
            "cpus",
            "cpu_kind",
            "memory_mb",
            "gpus",
            "gpu_kind",
            "host_dedication_id",
            "kernel_args",
            "persist_rootfs",
            "processes",
        ]
    ),
    "statics": frozenset(["guest_path", "url_prefix", "tigris_bucket", "index_document"]),
    "metrics": frozenset(["port", "path", "https", "processes"]),
}
"""Top-level keys; a set names the keys of the table or tables below, None says that any are allowed."""


def parse(text: str, where: str = "fly.toml") -> Definition:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CollectionError("it is not TOML", where=where, why=str(error)) from error


def load(path: str | None, definition: Definition | None) -> tuple[Definition, Path | None]:
    """Read and validate fly.toml from a path, or validate a dictionary; also where its relative paths start."""
    if path is None:
        validate(definition or {})
        return modernized(definition or {}), None
    file = Path(path)
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CollectionError("fly.toml cannot be read", where=path, why=str(error)) from error
    parsed = parse(text, path)
    validate(parsed, path)
    return modernized(parsed), file.parent


def tables(value: Any) -> list[dict[str, Any]]:
    """[x] and [[x]] are both allowed by flyctl for many sections."""
    if not value:
        return []
    return list(value) if isinstance(value, list) else [value]


def process_groups(definition: Definition) -> list[str]:
    return list(definition.get("processes") or {"app": ""})


def default_group(definition: Definition) -> str:
    """The group of a section that names none: app, else the first by its name."""
    groups = process_groups(definition)
    return "app" if "app" in groups else min(groups)


def for_group(definition: Definition, entry: dict[str, Any], group: str) -> bool:
    """Tell whether a section applies to a process group: to those that it names, else to the default one."""
    return group in (entry.get("processes") or [default_group(definition)])


def check_seconds(value: Any, where: str = "duration") -> float:
    """A check's duration: a number without a unit is of milliseconds there."""
    return seconds(value, where) / (1000 if isinstance(value, int | float) else 1)


def validate(definition: Definition, where: str = "fly.toml") -> None:
    """Raise one error that lists every problem found."""
    definition = modernized(definition)
    shapes = misshapen(definition)
    problems = [*_unknown_keys(definition), *shapes]
    if not shapes:
        problems += [*_env(definition), *_ports(definition), *_checks(definition), *_sections(definition)]
    if problems:
        raise CollectionError(
            f"{len(problems)} problem{'s' if len(problems) > 1 else ''}",
            where=where,
            why="; ".join(problems),
            problems=problems,
        )


def launch_leftovers(definition: Definition) -> list[str]:
    """What `fly launch` writes for an app that it does not know, and what that means; valid, and seldom meant."""
    service = definition.get("http_service") or {}
    guessed = service.get("internal_port") == 8080 and service.get("auto_stop_machines") in (True, "stop", "suspend")
    if not guessed or service.get("min_machines_running") or definition.get("mounts"):
        return []
    return [
        "fly.toml looks as `fly launch` writes it: internal_port is 8080, auto_stop_machines stops the machine when "
        "nobody asks, and without [mounts] all data is lost at each update. Correct what the app needs otherwise"
    ]


def _unknown_keys(definition: Definition) -> list[str]:
    problems = []
    for key, value in definition.items():
        if key not in KEYS:
            problems.append(f"{key}: unknown key{_near(key, KEYS)}")
            continue
        allowed = KEYS[key]
        if allowed is None:
            continue
        names = [name for table in tables(value) if isinstance(table, dict) for name in table if name not in allowed]
        problems += [f"{key}.{name}: unknown key{_near(name, allowed)}" for name in names]
    return problems


def _env(definition: Definition) -> list[str]:
    env = definition.get("env") or {}
    return [
        f"env.{name}: a text is wanted, not {value!r}"
        for name, value in env.items()
        if not isinstance(value, str | int | float)
    ]


def _ports(definition: Definition) -> list[str]:
    problems = []
    groups = process_groups(definition)
    for name in ("http_service", "services"):
        for service in tables(definition.get(name)):
            port = service.get("internal_port")
            if not isinstance(port, int) or not 1 <= port <= 65535:
                problems.append(f"{name}.internal_port: a port from 1 to 65535 is wanted, not {port!r}")
            for group in service.get("processes") or []:
                if group not in groups:
                    problems.append(
                        f"{name}.processes: there is no process group {group!r} (there is {', '.join(groups)})"
                    )
            if definition.get("processes") and not service.get("processes"):
                problems.append(f"{name}: name its processes, as there is [processes] ({', '.join(groups)})")
    return problems


def _checks(definition: Definition) -> list[str]:
    found: list[tuple[str, dict[str, Any]]] = []
    for check in tables((definition.get("http_service") or {}).get("checks")):
        found.append(("http_service.checks", check))
    for service in tables(definition.get("services")):
        for kind in ("http_checks", "tcp_checks"):
            found += [(f"services.{kind}", check) for check in tables(service.get(kind))]
    for name, check in (definition.get("checks") or {}).items():
        found.append((f"checks.{name}", check))
    problems = []
    for path, check in found:
        problems += [f"{path}.{key}: unknown key{_near(key, _CHECK_KEYS)}" for key in check if key not in _CHECK_KEYS]
        times = [check[key] for key in ("interval", "timeout", "grace_period") if key in check]
        if path == "http_service.checks" and any(isinstance(time, int | float) for time in times):
            problems.append(f"{path}: give times a unit, such as 15s; flyctl takes bare numbers for nanoseconds here")
            continue
        if "interval" in check and check_seconds(check["interval"], f"{path}.interval") < 2:
            problems.append(f"{path}.interval: 2s at least, not {check['interval']}")
        if "timeout" in check and check_seconds(check["timeout"], f"{path}.timeout") > 60:
            problems.append(f"{path}.timeout: 60s at most, not {check['timeout']}")
        if not path.startswith("checks."):
            continue
        if check.get("type") not in ("http", "tcp"):
            problems.append(f"{path}.type: http or tcp is wanted, not {check.get('type')!r}")
        http = definition.get("http_service")
        for group in [] if check.get("port") else process_groups(definition):
            if for_group(definition, check, group) and not (http and for_group(definition, http, group)):
                problems.append(f"{path}.port: a port is wanted, {group} has no [http_service] to take it from")
    return problems


def _sections(definition: Definition) -> list[str]:
    problems = []
    for group in process_groups(definition):
        mounts = [mount for mount in tables(definition.get("mounts")) if for_group(definition, mount, group)]
        if len(mounts) > 1:
            problems.append(f"mounts: one mount a process group, {group} has {len(mounts)}")
        for mount in mounts:
            for key in ("source", "destination"):
                if not mount.get(key):
                    problems.append(f"mounts.{key}: missing")
    if definition.get("mounts") and (definition.get("deploy") or {}).get("strategy") in (
        "canary",
        "bluegreen",
    ):
        problems.append("deploy.strategy: canary and bluegreen cannot be used with mounts; use rolling")
    if "kill_timeout" in definition and seconds(definition["kill_timeout"], "kill_timeout") > 300:
        problems.append("kill_timeout: 300s at most")
    for vm in tables(definition.get("vm")):
        try:
            guest(vm, "vm")
        except CollectionError as error:
            problems.append(str(error).rstrip("."))
    for restart in tables(definition.get("restart")):
        if restart.get("policy") not in ("always", "never", "on-failure"):
            problems.append(f"restart.policy: always, never or on-failure is wanted, not {restart.get('policy')!r}")
    return problems


def _near(key: str, allowed: Any) -> str:
    near = difflib.get_close_matches(key, list(allowed), 1)
    return f" (did you mean {near[0]}?)" if near else ""
