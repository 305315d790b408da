# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for the gateway's own section: what would start and yet not serve, or serve the wrong people."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping

from .paths import get, nodes, show
from .problems import Problem
from .process import check_bind
from .releases import facts as release_facts
from .render import origins
from .rule import Facts, rule
from .secret_refs import TOKEN_ENV

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#@]+\Z")
_PUBLIC_ORIGIN = re.compile(
    r"(?:https://[^/\s?#@]+|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)/?\Z", re.IGNORECASE
)


@rule("gateway-mode", fatal=True)
def mode_is_local(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    mode = get(config, "gateway", "mode")
    if mode != "local":
        said = "is missing" if mode is None else f"is {mode}"
        yield Problem(
            "gateway.mode",
            f"{said}: the gateway does not start",
            suggestion="Write gateway.mode: local",
            rule="gateway-mode",
        )


@rule("bind-alias", "bind-loopback", "bind-unknown", "bind-missing")
def bind_is_reachable(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    bind = get(config, "gateway", "bind")
    yield from check_bind(
        None if bind is None else str(bind), "gateway.bind", behind_proxy=facts.behind_proxy, missing_ok=True
    )


@rule("gateway-port")
def port_agrees(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    port = get(config, "gateway", "port")
    if port is not None and port != facts.port:
        yield Problem(
            "gateway.port",
            f"is {port}, but the process command listens on {facts.port}",
            suggestion=f"Write {facts.port}, or leave gateway.port out",
            rule="gateway-port",
        )


@rule("origin-any", "origin-missing", waivable=True)
def origins_are_allowed(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    allowed = get(config, "gateway", "controlUi", "allowedOrigins", default=[])
    allowed = [str(origin) for origin in allowed] if isinstance(allowed, list) else []
    for index, origin in enumerate(allowed):
        if "*" in origin:
            yield Problem(
                f"gateway.controlUi.allowedOrigins[{index}]",
                f"is {origin}: any website that a user visits could talk to the gateway",
                suggestion="List each origin, such as https://my-openclaw.fly.dev",
                rule="origin-any",
            )
    if not release_facts(facts.release).needs_allowed_origins or any(origin == "*" for origin in allowed):
        return
    for origin in origins(facts.hostnames, facts.https_port):
        if origin not in [entry.rstrip("/").lower() for entry in allowed]:
            yield Problem(
                "gateway.controlUi.allowedOrigins",
                f"misses {origin}: the Control UI would refuse to connect there",
                suggestion=f"Add {origin}",
                rule="origin-missing",
            )


@rule("origin-form")
def origins_are_origins(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    """Scheme, host and port only; the public one is https, or http on this machine."""
    allowed = get(config, "gateway", "controlUi", "allowedOrigins", default=[])
    for index, origin in enumerate(allowed if isinstance(allowed, list) else []):
        if isinstance(origin, str) and "*" not in origin and not _ORIGIN.match(origin):
            yield Problem(
                f"gateway.controlUi.allowedOrigins[{index}]",
                f"is {origin}, which is no origin: it admits no browser",
                suggestion="Write scheme and host, such as https://my-openclaw.fly.dev, without a path",
                rule="origin-form",
            )
    public = get(config, "gateway", "publicOrigin")
    if isinstance(public, str) and not _PUBLIC_ORIGIN.match(public):
        yield Problem(
            "gateway.publicOrigin",
            f"is {public}: it must be an https origin without a path (http only for localhost)",
            suggestion="Write for example https://my-openclaw.fly.dev",
            rule="origin-form",
        )


@rule("dangerous", waivable=True)
def no_dangerous_switch(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    for path, value in nodes(config):
        key = str(path[-1]) if path else ""
        if value is True and (key.startswith("dangerously") or key == "allowInsecureAuth"):
            yield Problem(
                show(path),
                "switches a protection off",
                suggestion="Remove it, or waive it by this path with a reason",
                rule="dangerous",
            )


@rule("proxy-untrusted", waivable=True)
def proxy_is_trusted(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    if not (facts.behind_proxy and release_facts(facts.release).needs_trusted_proxies):
        return
    if not get(config, "gateway", "trustedProxies"):
        yield Problem(
            "gateway.trustedProxies",
            f"is empty: since 2026.8.1 OpenClaw ({facts.release}) answers 403 to every request that comes "
            "through Fly's proxy, while the health checks pass",
            suggestion="List the range of Fly's proxy (172.16.0.0/12) and the app's own IP addresses",
            rule="proxy-untrusted",
        )


@rule("proxy-form", "proxy-any")
def proxies_are_addresses(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    """The gateway takes any text here and then trusts nobody."""
    proxies = get(config, "gateway", "trustedProxies", default=[])
    for index, proxy in enumerate(proxies if isinstance(proxies, list) else []):
        path = f"gateway.trustedProxies[{index}]"
        try:
            network = ipaddress.ip_network(str(proxy), strict=False)
        except ValueError:
            yield Problem(
                path,
                f"is {proxy!r}, which is no IP address or range: the gateway would ignore it",
                suggestion="Write an address or a range such as 172.16.0.0/12",
                rule="proxy-form",
            )
            continue
        if network.prefixlen == 0:
            yield Problem(
                path,
                f"is {proxy}: everyone could claim any address as his own",
                suggestion="Write the range of Fly's proxy (172.16.0.0/12) and the app's own IP addresses",
                rule="proxy-any",
            )


@rule("auth-two-ways", fatal=True)
def auth_is_one_way(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    auth = get(config, "gateway", "auth", default={})
    if not isinstance(auth, Mapping):
        return
    mode = auth.get("mode")
    names = facts.secret_names or frozenset()
    if mode == "trusted-proxy" and (auth.get("token") or TOKEN_ENV in names):
        where = "gateway.auth.token" if auth.get("token") else f"the secret {TOKEN_ENV}"
        yield Problem(
            "gateway.auth.mode",
            f"is trusted-proxy together with {where}: the gateway refuses to start with both",
            suggestion="Remove the token, or write mode: token",
            rule="auth-two-ways",
        )
    if mode is None and auth.get("token") and auth.get("password"):
        yield Problem(
            "gateway.auth.mode",
            "is missing although a token and a password are declared: the gateway refuses to start",
            suggestion="Write mode: token and remove the password",
            rule="auth-two-ways",
        )


@rule("auth-none", waivable=True)
def auth_is_asked_for(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    if get(config, "gateway", "auth", "mode") == "none" and facts.behind_proxy:
        yield Problem(
            "gateway.auth.mode",
            "is 'none', and the gateway refuses to listen beyond loopback without authentication",
            suggestion="Write mode: token",
            rule="auth-none",
        )
