# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tunnel lets through."""

from __future__ import annotations

from .._openclaw.endpoint import Endpoint
from .._openclaw.gateway_client import CONTROL_UI, Login, login
from .._openclaw.gateway_errors import ConnectFailed
from .._openclaw.probes import HttpProbe, ProbeFailed
from .notes import Notes, Skipped
from .target import Target, TunnelRoute

UNDECLARED = ("/", "/control-ui-config.json", "/startupz", "/healthz", "/tools/invoke", "/hooks/wake")
_NOT_FOUND = (403, 404, 405, 421)


def tunnels(target: Target, notes: Notes) -> None:
    """Only the declared paths get through, and they demand a signature."""
    if not target.tunnels:
        raise Skipped("no tunnel is declared")
    for tunnel in target.tunnels:
        probe = HttpProbe(_endpoint(target, tunnel), target.timeout)
        try:
            _declared(probe, tunnel, notes)
            _undeclared(probe, tunnel, notes)
        finally:
            probe.close()
        if "/" in tunnel.paths:
            _guarded(target, tunnel, notes)
        else:
            _websocket(target, tunnel, notes)


def _endpoint(target: Target, tunnel: TunnelRoute) -> Endpoint:
    return Endpoint.parse(tunnel.url, ca_file=target.edge.ca_file)


def _declared(probe: HttpProbe, tunnel: TunnelRoute, notes: Notes) -> None:
    for path in tunnel.paths:
        if path == "/" or path.endswith("/*"):
            continue
        status = probe.send("POST", path, {"Content-Type": "application/json"}, b"{}").status
        if status < 300:
            notes.found(f"{tunnel.url}{path} takes a webhook without a signature ({status})", _SIGNATURE)
        elif status == 404 or status >= 500:
            fix = "See the tunnel's log, and its paths"
            notes.found(f"{tunnel.url}{path} does not get through ({status})", fix, lags=True)
        else:
            notes.saw(f"{tunnel.url}{path}: {status} without a signature")


def _undeclared(probe: HttpProbe, tunnel: TunnelRoute, notes: Notes) -> None:
    for path in UNDECLARED:
        if tunnel.declares(path):
            continue
        try:
            answer = probe.get(path)
        except ProbeFailed as error:
            notes.saw(f"{tunnel.url}{path}: {error.why}")
            continue
        ours = isinstance((answer.data or {}).get("error"), dict)
        if answer.status not in _NOT_FOUND or ours:
            notes.found(f"{tunnel.url}{path} reaches the gateway ({answer.status})")
        else:
            notes.saw(f"{tunnel.url}{path}: {answer.status}")


def _guarded(target: Target, tunnel: TunnelRoute, notes: Notes) -> None:
    """All of the gateway is declared; then it is the gateway that must refuse unauthenticated clients."""
    probe = HttpProbe(_endpoint(target, tunnel), target.timeout)
    try:
        status = probe.get("/control-ui-config.json").status
    finally:
        probe.close()
    if status == 401:
        notes.saw(f"{tunnel.url} leads to the whole gateway, as declared, which asks for the token")
    else:
        notes.found(
            f"{tunnel.url}/control-ui-config.json answers {status} to an unauthenticated client, 401 expected", _TOKEN
        )


def _websocket(target: Target, tunnel: TunnelRoute, notes: Notes) -> None:
    try:
        login(_endpoint(target, tunnel), Login(client=CONTROL_UI), timeout=target.timeout)
    except ConnectFailed as error:
        if error.code is None:
            notes.saw(f"{tunnel.url}: a WebSocket does not get through")
            return
    notes.found(f"{tunnel.url}: a WebSocket reaches the gateway")


_TOKEN = "Set gateway.auth.mode to token or password, and see that gateway.trustedProxies holds the tunnel's address"
_SIGNATURE = "Turn the provider's signature check on, and set webhookSecurity.allowedHosts to the tunnel's name"
