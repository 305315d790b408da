# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of an app's exposure: what it is, how long its last restart took, and the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.client.errors import Forbidden
from .._fly.machines.exposure import exposure_of
from .._openclaw.endpoint import host_and_port
from .._openclaw.releases import Release
from .._openclaw.releases import facts as release_facts
from . import waivers
from .outage import outage
from .target import EdgePorts, Target, TunnelRoute
from .verify import verify


@dataclass(frozen=True)
class Survey:
    """What is to be found out about a target."""

    checks: tuple[str, ...]
    waivers: tuple[Mapping[str, Any], ...] = ()
    measure_outage: bool = False
    brute_force: bool = False
    """Whether guessing was asked for; then the target has an address to guess from."""
    timeout: float = 0.0
    """Seconds for what lags behind a change."""


def exposure_info(target: Target, survey: Survey, context: Context, platform: PlatformApi) -> dict[str, Any]:
    """The exposure at present, how long the last restart took, and the checks that were asked for."""
    if survey.brute_force and not target.brute_force_from:
        raise CollectionError(
            "brute_force needs brute_force_from",
            where=f"app {target.app}",
            why="the gateway locks out the address that guesses, and this controller's own must not be it",
            todo="Give another address of this controller, such as its IPv6 one",
        )
    try:
        current = exposure_of(target.machines, target.addresses)
    except Forbidden:
        # The token does not reach another owner's app; the task that then tries to create it reports that better.
        if survey.checks:
            raise
        return {"changed": False, "checks": [], "exposure": None, "outage": None}
    if survey.checks:
        target.must_run()
    restart = None
    if survey.measure_outage and target.deployed:
        restart = outage(target.app, target.deployed[0], platform, target.facts, survey.timeout)
    proof = verify(
        target,
        survey.checks,
        waivers.read(survey.waivers),
        context,
        today=datetime.fromtimestamp(clock.now(), UTC).date(),
        timeout=survey.timeout,
    )
    return {**proof, "exposure": current, "outage": restart}


def target_of(params: Mapping[str, Any], api: MachinesApi) -> Target:
    """The gateway that a task's parameters describe."""
    app = params["app"]
    return Target(
        app=app,
        api=api,
        exposure=params["exposure"],
        wanted={kind: int(number) for kind, number in params["addresses"].items() if number is not None},
        hostnames=tuple(params["hostnames"]) or (f"{app}.fly.dev",),
        facts=release_facts(Release.parse(params["release"])),
        edge=EdgePorts(params["http_port"], params["https_port"], params["connect_to"], params["tls_ca_file"]),
        private_url=params["private_url"],
        private_connect_to=host_and_port(params["private_connect_to"], "private_connect_to"),
        token=params["token"],
        previous_token=params["previous_token"],
        webhook_paths=tuple(params["webhook_paths"]),
        tunnels=tuple(TunnelRoute(entry["url"], tuple(entry["paths"])) for entry in params["tunnels"]),
        brute_force_from=params["brute_force_from"] if params["brute_force"] else None,
        port=params["port"],
        state_dir=params["state_dir"],
        owner=params["owner"],
    )
