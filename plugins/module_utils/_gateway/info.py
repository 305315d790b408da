# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything about a gateway that can be known without changing it: from outside, and from inside its machine."""

from __future__ import annotations

from typing import Any

from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import MachinesApi, PlatformApi
from .._openclaw.channels import enabled
from .._openclaw.endpoint import Endpoint
from .._openclaw.releases import Release
from .proof import GatewayProof, ready_line
from .status import gateway_facts


def gateway_info(api: MachinesApi, platform: PlatformApi, params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Return {proof} when there is a URL, and {gateway} when `inside` or a channel to wait for says so."""
    result: dict[str, Any] = {"changed": False}
    wanted = [*params["channels"], *enabled(params["config"])]
    if not (params["url"] or params["inside"] or wanted):
        raise CollectionError(
            "nothing was asked",
            where=f"app {params['app']}",
            todo="Set url to have the gateway proved, or inside: true to ask it in its machine",
        )
    if params["url"]:
        result["proof"] = _proof(platform, params, context)
    if params["inside"] or wanted:
        timeout = params["wait_for_channels"]
        result["gateway"] = gateway_facts(api, params["app"], params["owner"], context, wanted, timeout)
    return result


def _proof(platform: PlatformApi, params: dict[str, Any], context: Context) -> dict[str, Any]:
    app, release = params["app"], Release.parse(params["release"])
    host, _colon, port = (params["connect_to"] or "").rpartition(":")
    endpoint = Endpoint.parse(params["url"], (host, int(port)) if host else None, params["tls_ca_file"])
    proof = GatewayProof(endpoint, params["token"], release, context, params["wait_timeout"]).observe()
    if params["require_ready_line"]:
        proof["ready_line"] = ready_line(platform, app, release)
        if proof["ready_line"] is False:
            raise CollectionError("the log has no line that the gateway is ready", where=f"app {app}")
        if proof["ready_line"] is None:
            context.warn("The token is not allowed to read logs, so the ready line was not checked.")
    return proof
