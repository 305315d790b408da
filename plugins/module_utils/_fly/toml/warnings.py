# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is valid in a fly.toml, and seldom does what was meant."""

from __future__ import annotations

from .definition import FlyToml


def launch_leftovers(toml: FlyToml) -> list[str]:
    """What `fly launch` writes for an app that it does not know, and what that means."""
    service = toml.data.get("http_service") or {}
    stops = service.get("auto_stop_machines") in (True, "stop", "suspend")
    if service.get("internal_port") != 8080 or not stops:
        return []
    if service.get("min_machines_running") or toml.data.get("mounts"):
        return []
    return [
        "fly.toml looks as `fly launch` writes it: internal_port is 8080, auto_stop_machines stops a machine that "
        "nobody uses, and without [mounts] all data is lost at each update. Correct what the app needs otherwise"
    ]


def only_by_flyctl(toml: FlyToml) -> list[str]:
    """What `fly deploy` does with a file, and a deployment over the Machines API does not."""
    deploy = toml.data.get("deploy") or {}
    services = [toml.data.get("http_service") or {}, *(toml.data.get("services") or [])]
    found = [f"deploy.{key}" for key in ("release_command", "seed_command") if deploy.get(key)]
    found += ["machine_checks"] if toml.data.get("machine_checks") else []
    found += ["machine_checks of a service"] if any(service.get("machine_checks") for service in services) else []
    if not found:
        return []
    return [
        f"{', '.join(found)} of fly.toml: only `fly deploy` runs it, fly_deploy does not. Run it by a separate task"
    ]
