# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's parameters to the proof."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.client.errors import Forbidden
from .._openclaw.releases import Release
from .._openclaw.releases import facts as release_facts
from . import waivers
from .current import exposure_of
from .outage import outage
from .target import EdgePorts, Target, TunnelRoute
from .verify import verify


def exposure_info(params: dict[str, Any], context: Context, api: MachinesApi, platform: PlatformApi) -> dict[str, Any]:
    """What the app is, how long it was away, and the checks that were asked for."""
    target = _target(params, api)
    try:
        current = exposure_of(target.machines, target.addresses)
    except Forbidden:
        # Somebody else's app is nothing of ours yet; what then wants to own it says so better.
        if params["checks"]:
            raise
        return {"changed": False, "checks": [], "exposure": None, "outage": None}
    away = None
    if params["measure_outage"] and target.deployed:
        away = outage(params["app"], target.deployed[0], platform, target.facts, params["wait_timeout"])
    proof = verify(
        target,
        params["checks"],
        waivers.read(params["waivers"]),
        context,
        today=datetime.fromtimestamp(clock.now(), UTC).date(),
        timeout=params["wait_timeout"],
    )
    return {**proof, "exposure": current, "outage": away}


def _target(params: dict[str, Any], api: MachinesApi) -> Target:
    if params["brute_force"] and not params["brute_force_from"]:
        raise CollectionError(
            "brute_force needs brute_force_from",
            why="the gateway locks out the address that guesses, and this controller's own must not be it",
            todo="Give another address of this controller, such as its IPv6 one",
        )
    return Target(
        app=params["app"],
        api=api,
        exposure=params["exposure"],
        wanted={kind: int(number) for kind, number in params["addresses"].items() if number is not None},
        hostnames=tuple(params["hostnames"]) or (f"{params['app']}.fly.dev",),
        facts=release_facts(Release.parse(params["release"])),
        edge=EdgePorts(params["http_port"], params["https_port"], params["connect_to"], params["tls_ca_file"]),
        private_url=params["private_url"],
        private_connect_to=_host_and_port(params["private_connect_to"]),
        token=params["token"],
        previous_token=params["previous_token"],
        webhook_paths=tuple(params["webhook_paths"]),
        tunnels=tuple(TunnelRoute(entry["url"], tuple(entry["paths"])) for entry in params["tunnels"]),
        brute_force_from=params["brute_force_from"] if params["brute_force"] else None,
        port=params["port"],
        state_dir=params["state_dir"],
        owner=params["owner"],
    )


def _host_and_port(text: str | None) -> tuple[str, int] | None:
    if not text:
        return None
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise CollectionError(
            "private_connect_to is not HOST:PORT", why=f"it is {text!r}", todo="Write for example localhost:3000"
        )
    return host.strip("[]"), int(port)
