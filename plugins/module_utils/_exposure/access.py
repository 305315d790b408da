# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is accepted: tokens, origins, the HTTP API, forged headers, guessing."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import replace

from .._openclaw.device_identity import DeviceIdentity
from .._openclaw.endpoint import Endpoint
from .._openclaw.gateway_client import CONTROL_UI, PLAIN, PROBE, Login, Upgrade
from .._openclaw.gateway_client import login as log_in
from .._openclaw.gateway_errors import (
    ConnectFailed,
    DeviceIdentityRequired,
    LoginsLimited,
    OriginNotAllowed,
    PairingRequired,
    TokenMismatch,
    TokenMissing,
)
from .._openclaw.gateway_login import prove
from .._openclaw.paths import get
from .._openclaw.probes import HttpProbe, raise_for_attribution
from .notes import Notes, Skipped
from .target import Target

FOREIGN = "attacker.invalid"
ATTEMPTS = 30
"""Guesses at most: a limit beyond that is not one."""
API_PATHS = (
    ("GET", "/control-ui-config.json"),
    ("GET", "/v1/models"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/responses"),
    ("POST", "/tools/invoke"),
    ("POST", "/api/v1/admin/rpc"),
    ("POST", "/api/channels/nostr/default/profile"),
    ("POST", "/hooks/wake"),
    ("POST", "/hooks/agent"),
)
FORGED = {
    "X-Forwarded-For": "127.0.0.1",
    "X-Real-IP": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;host=localhost",
    "Fly-Client-IP": "127.0.0.1",
    "Tailscale-User-Login": "owner@example.com",
    "X-Forwarded-User": "owner@example.com",
}
SHARED_LIMIT_FIX = (
    "Run site.yml: gateway.trustedProxies needs openclaw_config_trusted_proxies and the app's own addresses"
)


def login(target: Target, notes: Notes) -> None:
    """A WebSocket without token, with a wrong, the right and the old one."""
    endpoint, wrong = target.endpoint, secrets.token_hex(32)
    if target.token:
        proof = prove(endpoint, target.token, timeout=target.timeout)
        if proof.unauthenticated_refused:
            notes.saw(f"without a token: refused, {proof.unauthenticated_reason}")
        else:
            notes.found(f"without a token: {proof.unauthenticated_reason}")
        if proof.token_accepted:
            notes.saw("the token: accepted")
        else:
            notes.found(f"the token: refused, {proof.reason}", "The machine has another token: run site.yml")
    else:
        refused = _refusal(endpoint, Login(device=DeviceIdentity.generate(), client=PROBE), target.timeout)
        if isinstance(refused, TokenMissing):
            notes.saw(f"without a token: refused, {refused.code}")
        else:
            notes.found(f"without a token: {refused or 'connected'}")
    for what, token in (("a wrong token", wrong), ("the old token", target.previous_token)):
        if not token:
            continue
        refused = _refusal(endpoint, Login(token, client=PROBE), target.timeout)
        if isinstance(refused, TokenMismatch):
            notes.saw(f"{what}: refused, {refused.code}")
        elif isinstance(refused, LoginsLimited):
            raise refused
        else:
            notes.found(f"{what}: {refused or 'accepted'}", "Rotate the token, and restart the machine")


def origin(target: Target, notes: Notes) -> None:
    """Pages of other sites cannot talk to the gateway; its own can."""
    endpoint, page = target.endpoint, Login(client=CONTROL_UI)
    own = f"http{'s' if endpoint.secure else ''}://{endpoint.authority}"
    foreign = f"https://{FOREIGN}"
    for what, origin_header, host in (
        (f"Origin {foreign}", foreign, None),
        (f"Origin and Host {FOREIGN}", foreign, FOREIGN),
    ):
        refused = _refusal(endpoint, page, target.timeout, Upgrade(origin_header, host))
        if isinstance(refused, OriginNotAllowed) or (host and refused and refused.code is None):
            notes.saw(f"{what}: refused, {refused.code or refused.why}")
        else:
            notes.found(
                f"{what}: {refused.what if refused else 'connected'}; any web page could use a visitor's browser",
                "Leave * and dangerouslyAllowHostHeaderOriginFallback out of gateway.controlUi",
            )
    refused = _refusal(endpoint, page, target.timeout, Upgrade(own))
    if isinstance(refused, OriginNotAllowed):
        notes.found(f"Origin {own}: refused, so that nobody can open the Control UI", "Run site.yml", detail="own")
    elif refused is None or isinstance(refused, (DeviceIdentityRequired, TokenMissing)):
        notes.saw(f"Origin {own}: accepted")
    else:
        raise refused


def http_api(target: Target, notes: Notes) -> None:
    """No API and no webhook does anything without authentication."""
    probe = HttpProbe(target.endpoint, target.timeout)
    asked = [*API_PATHS, *(("POST", path) for path in target.webhook_paths)]
    statuses: dict[int, list[str]] = {}
    try:
        for method, path in asked:
            body = b"{}" if method == "POST" else None
            answer = probe.send(method, path, {"Content-Type": "application/json"} if body else None, body)
            raise_for_attribution(answer.status, answer.data, f"{probe.endpoint.http_url}{path}")
            page = answer.headers.get("content-type", "").startswith("text/html")
            if answer.status >= 500:
                notes.found(f"{method} {path}: not proved, it answers {answer.status}", detail=path)
            elif answer.status < 300 and not (page and method == "GET"):
                notes.found(f"{method} {path} answers {answer.status} without authentication", detail=path)
            else:
                statuses.setdefault(answer.status, []).append(f"{method} {path}")
    finally:
        probe.close()
    for status, requests in sorted(statuses.items()):
        notes.saw(f"{status}: {', '.join(requests)}")


def forwarding(target: Target, notes: Notes) -> None:
    """Forged headers do not make an unauthenticated client local, or somebody."""
    probe = HttpProbe(target.endpoint, target.timeout, FORGED)
    try:
        config = probe.get("/control-ui-config.json")
        raise_for_attribution(config.status, config.data, probe.endpoint.http_url)
        if config.status == 401:
            notes.saw("the Control UI's config: 401")
        else:
            notes.found(f"with forged headers /control-ui-config.json answers {config.status}")
        path = target.facts.startup_path
        if path and "version" in (probe.get(path).data or {}):
            notes.found(f"with forged headers {path} takes an outside client for local")
    finally:
        probe.close()
    who = Login(device=DeviceIdentity.generate(), client=PROBE)
    refused = _refusal(target.endpoint, who, target.timeout, Upgrade(headers=FORGED))
    if isinstance(refused, TokenMissing):
        notes.saw(f"a WebSocket: refused, {refused.code}")
    elif isinstance(refused, PairingRequired):
        notes.found("with forged headers a WebSocket needs no token any more")
    else:
        notes.found(f"with forged headers a WebSocket: {refused.what if refused else 'connected'}")


def brute_force(target: Target, notes: Notes) -> None:
    """Guessing is stopped for the one who guesses, and for nobody else.

    By the config, unless an address to guess from is given: the guessing address is locked out, so that it must not
    be the operator's.
    """
    if target.exposure == "sealed":
        raise Skipped("sealed: no client outside can connect to guess tokens")
    limit = get(target.config, "gateway", "auth", "rateLimit", default={})
    attempts = limit.get("maxAttempts")
    if not attempts or attempts > ATTEMPTS:
        notes.found(
            f"gateway.auth.rateLimit {'has no limit' if not attempts else f'allows {attempts} attempts'}",
            "Set openclaw_config_rate_limit, and run site.yml",
        )
    else:
        notes.saw(f"gateway.auth.rateLimit: {attempts} attempts in {limit.get('windowMs', 0) / 1000:g} s")
    trusted = [
        ipaddress.ip_network(network, strict=False)
        for network in get(target.config, "gateway", "trustedProxies", default=[])
    ]
    if target.facts.needs_trusted_proxies:
        # Fly.io appends the app's own address to X-Forwarded-For: untrusted, it would be everybody's client address.
        for entry in target.addresses:
            if not any(ipaddress.ip_address(entry["ip"]) in network for network in trusted):
                notes.found(
                    f"all clients count as one, {entry['ip']}: a guessing client locks everybody out",
                    SHARED_LIMIT_FIX,
                    detail="shared",
                )
    if target.brute_force_from and not notes.findings:
        _guess(target, notes, target.brute_force_from)


def _guess(target: Target, notes: Notes, source: str) -> None:
    guesser = replace(target.endpoint, source=source)
    for number in range(1, ATTEMPTS + 1):
        refused = _refusal(guesser, Login(secrets.token_hex(32), client=PROBE), target.timeout)
        if isinstance(refused, LoginsLimited):
            notes.saw(f"from {source}: stopped after {number - 1} wrong tokens")
            break
    else:
        notes.found(f"{ATTEMPTS} wrong tokens in a row were answered", "Set openclaw_config_rate_limit")
        return
    refused = _refusal(target.endpoint, Login(target.token, client=PROBE), target.timeout)
    if isinstance(refused, LoginsLimited):
        notes.found("a guessing client locks everybody out", SHARED_LIMIT_FIX, detail="shared")
    else:
        notes.saw("others are still served")


def _refusal(endpoint: Endpoint, who: Login, timeout: float, upgrade: Upgrade = PLAIN) -> ConnectFailed | None:
    """Why the login was refused; None when it was accepted."""
    try:
        log_in(endpoint, who, upgrade, timeout)
    except ConnectFailed as error:
        return error
    return None
