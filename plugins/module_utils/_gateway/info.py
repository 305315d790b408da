# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything about a gateway that can be known without changing it: from outside, and from inside its machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import MachinesApi, PlatformApi
from .._openclaw.endpoint import Endpoint
from .._openclaw.releases import Release
from .proof import GatewayProof, ready_line
from .status import gateway_facts


@dataclass(frozen=True)
class Questions:
    """What is asked of an app's gateway, from outside (with an endpoint) and in its machine."""

    app: str
    release: Release
    endpoint: Endpoint | None = None
    token: str | None = field(repr=False, default=None)
    timeout: float = 60.0
    """Seconds for it to serve."""
    require_ready_line: bool = False
    inside: bool = False
    channels: tuple[str, ...] = ()
    """Channels that must work."""
    channels_timeout: float = 0.0
    """Seconds for them to be connected."""
    owner: str = "1000:1000"
    """Numeric user and group to run as in the machine."""


def gateway_info(api: MachinesApi, platform: PlatformApi, asked: Questions, context: Context) -> dict[str, object]:
    """Return {proof} when there is an endpoint, and {gateway} when `inside` or a channel to wait for says so."""
    result: dict[str, object] = {"changed": False}
    if not (asked.endpoint or asked.inside or asked.channels):
        raise CollectionError(
            "nothing was asked",
            where=f"app {asked.app}",
            why="neither url nor inside is set, nor a channel to wait for",
            todo="Set url to have the gateway proved, or inside: true to ask it in its machine",
        )
    if asked.endpoint:
        result["proof"] = _proof(platform, asked, asked.endpoint, context)
    if asked.inside or asked.channels:
        channels, timeout = asked.channels, asked.channels_timeout
        result["gateway"] = gateway_facts(api, asked.app, asked.owner, context, channels, timeout)
    return result


def _proof(platform: PlatformApi, asked: Questions, endpoint: Endpoint, context: Context) -> dict[str, object]:
    proof = GatewayProof(endpoint, asked.token, asked.release, context, asked.timeout).observe()
    if asked.require_ready_line:
        proof["ready_line"] = ready_line(platform, asked.app, asked.release)
        if proof["ready_line"] is False:
            raise CollectionError("the log has no line that the gateway is ready", where=f"app {asked.app}")
        if proof["ready_line"] is None:
            context.warn("The token is not allowed to read logs, so the ready line was not checked.")
    return proof
