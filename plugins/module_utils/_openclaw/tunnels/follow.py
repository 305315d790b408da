# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tunnels ask of openclaw.json: hosts, proxies and origins follow their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from ..paths import get
from ..secrets import secret_ref
from .declared import VOICE_CALL, VOICE_CALL_PORT, Tunnel

LOOPBACK: Final = "127.0.0.1"
"""Where every tunnel comes from, as the gateway and the plugin see it."""
PASSWORD_ENV: Final = "OPENCLAW_GATEWAY_PASSWORD"
VOICE_CALL_PATH: Final = "/voice/webhook"


def follow(config: Mapping[str, Any], tunnels: Sequence[Tunnel], port: int) -> dict[str, Any]:
    """The config with what they ask for; what a person declared there stays, and his lists grow.

    :param port: the gateway's.
    """
    wanted = deepcopy(dict(config))
    gateway = wanted["gateway"]
    if any(tunnel.port == port and tunnel.run_by == "process" for tunnel in tunnels):
        # They send X-Forwarded-For; from an address that is not trusted that is answered 403 since 2026.8.1.
        gateway["trustedProxies"] = _grown(gateway.get("trustedProxies"), [LOOPBACK])
    pages = [tunnel for tunnel in tunnels if tunnel.run_by == "gateway" or (tunnel.everything and tunnel.port == port)]
    if pages:
        origins = [f"https://{tunnel.hostname}" for tunnel in pages]
        gateway["controlUi"]["allowedOrigins"] = _grown(gateway["controlUi"].get("allowedOrigins"), origins)
    for tunnel in tunnels:
        if tunnel.run_by == "gateway":
            _managed(gateway, tunnel)
    entry = get(wanted, "plugins", "entries", VOICE_CALL)
    if isinstance(entry, dict):
        _voice_call(entry, tunnels)
    return wanted


def voice_call_port(config: Mapping[str, Any]) -> int:
    return int(get(config, "plugins", "entries", VOICE_CALL, "config", "serve", "port", default=VOICE_CALL_PORT))


def _managed(gateway: dict[str, Any], tunnel: Tunnel) -> None:
    """Tailscale as the gateway itself manages it: on loopback, and Funnel with a password only."""
    gateway["bind"] = "loopback"
    gateway["tailscale"] = {"mode": tunnel.mode}
    # Being in the tailnet is no reason to be let in without the token.
    gateway["auth"]["allowTailscale"] = False
    if tunnel.mode == "funnel":
        gateway["auth"] |= {"mode": "password", "password": secret_ref(PASSWORD_ENV)}
        del gateway["auth"]["token"]


def _voice_call(entry: dict[str, Any], tunnels: Sequence[Tunnel]) -> None:
    config = entry.setdefault("config", {})
    serve = config.get("serve") or {}
    leading = [t for t in tunnels if t.run_by == VOICE_CALL or t.port == serve.get("port", VOICE_CALL_PORT)]
    if not leading:
        return
    security = config.setdefault("webhookSecurity", {})
    security["allowedHosts"] = _grown(security.get("allowedHosts"), [tunnel.hostname for tunnel in leading])
    security["trustedProxyIPs"] = _grown(security.get("trustedProxyIPs"), [LOOPBACK])
    first = leading[0]
    if first.run_by == "process":
        config.setdefault("publicUrl", f"https://{first.hostname}{serve.get('path', VOICE_CALL_PATH)}")
    elif first.kind == "ngrok":
        config["tunnel"] = {"provider": "ngrok", "ngrokDomain": first.hostname, **(config.get("tunnel") or {})}
    else:
        config["tunnel"] = {"provider": f"tailscale-{first.mode}", **(config.get("tunnel") or {})}


def _grown(present: Any, more: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*(present or []), *more]))
