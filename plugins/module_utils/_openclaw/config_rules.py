# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for a config that no schema states: what would start and yet not serve, or serve the wrong people."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._base.secret_recognition import Finding, find_secrets
from .config_moves import old_forms
from .paths import get, nodes, show
from .problems import Problem
from .process import check_bind
from .releases import DEFAULT_RELEASE, Release
from .releases import facts as release_facts
from .render import TOKEN_ENV, origins
from .secrets import ENV_SUBSTITUTION, is_secret_ref, secret_names

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#@]+\Z")
_PUBLIC_ORIGIN = re.compile(
    r"(?:https://[^/\s?#@]+|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)/?\Z", re.IGNORECASE
)

_OWN_SECRETS = (("gateway", "auth", "token"), ("gateway", "auth", "password"), ("hooks", "token"))
REF = "{source: env, provider: default, id: %s}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules must know beside the config.

    :param exposure: public, private or sealed; only a sealed gateway stands behind no proxy.
    :param port: the port of the process command.
    :param hostnames: names or origins under which browsers open the Control UI.
    :param https_port: the port in their origins.
    :param secret_names: names in the machine's environment (secrets and env); None if not known.
    :param waivers: reasons, keyed by rule name or config path, for what may be waived (WAIVABLE).
    :param readonly: the gateway may not rewrite the file, and so starts with no old form in it.
    """

    release: Release = field(default_factory=lambda: Release.parse(DEFAULT_RELEASE))
    exposure: str = "public"
    port: int = 3000
    hostnames: tuple[str, ...] = ()
    https_port: int = 443
    secret_names: frozenset[str] | None = None
    waivers: Mapping[str, str] = field(default_factory=dict)
    readonly: bool = False

    @property
    def behind_proxy(self) -> bool:
        return self.exposure != "sealed"


Rule = Callable[[Mapping[str, Any], Facts], Iterator[Problem]]

WAIVABLE = frozenset(
    {
        "dangerous",
        "origin-any",
        "origin-missing",
        "auth-none",
        "proxy-untrusted",
        "rate-limit",
        "moved",
        "channel-plugin",
        "tunnel-everything",
        "secret-shape",
        "weak-secret",
    }
)
"""Rules that a person may waive with a reason. What cannot work, and secrets in the file, cannot be waived."""


def check(config: Mapping[str, Any], facts: Facts) -> list[Problem]:
    """All problems of a declared config, in the order of RULES; waived ones left out."""
    found = [problem for rule in RULES for problem in rule(config, facts)]
    told = {problem.path for problem in found if problem.rule != "moved"}
    found = [problem for problem in found if problem.rule != "moved" or problem.path not in told]
    return [problem for problem in found if not waived(problem, facts)]


def waived(problem: Problem, facts: Facts) -> bool:
    """Did a person waive it, by its rule or its path, with a reason?"""
    reason = facts.waivers.get(problem.path) or facts.waivers.get(problem.rule)
    fatal = facts.readonly and problem.rule == "moved"
    return problem.rule in WAIVABLE and not fatal and bool(reason and reason.strip())


def mode_is_local(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    mode = get(config, "gateway", "mode")
    if mode != "local":
        said = "is missing" if mode is None else f"is {mode}"
        yield Problem(
            "gateway.mode",
            f"{said}: the gateway does not start",
            suggestion="Write gateway.mode: local",
            rule="gateway-mode",
        )


def bind_is_reachable(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    bind = get(config, "gateway", "bind")
    yield from check_bind(
        None if bind is None else str(bind), "gateway.bind", behind_proxy=facts.behind_proxy, missing_ok=True
    )


def port_agrees(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    port = get(config, "gateway", "port")
    if port is not None and port != facts.port:
        yield Problem(
            "gateway.port",
            f"is {port}, but the process command listens on {facts.port}",
            suggestion=f"Write {facts.port}, or leave gateway.port out",
            rule="gateway-port",
        )


def no_literal_secret(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    found = literal_secrets(config)
    names = secret_names(found)
    for finding in found:
        yield Problem(
            show(finding.path),
            f"holds {finding.reason}; it would stand readable in openclaw.json",
            suggestion=_how_to_refer(finding, names[finding.path]),
            rule="secret-literal",
        )


def literal_secrets(config: Mapping[str, Any]) -> list[Finding]:
    """What is a secret by its key or looks like one; what this gateway itself asks for is one, whatever it says."""
    found = list(find_secrets(config))
    told = {finding.path for finding in found}
    for path in _OWN_SECRETS:
        value = get(config, *path)
        if path not in told and isinstance(value, str) and value and not ENV_SUBSTITUTION.fullmatch(value):
            found.append(Finding(path, "a secret by its name", path[-1], secret=value))
    return found


def _how_to_refer(finding: Finding, name: str) -> str:
    words = [str(part) for part in finding.path if isinstance(part, str)]
    if finding.path == ("gateway", "auth", "token"):
        return f"Set the Fly secret {TOKEN_ENV} and write {REF % TOKEN_ENV}"
    if words[:2] == ["env", "vars"]:
        return f"Remove it here and set it as a Fly secret named {words[-1]}"
    if words[:1] == ["hooks"]:
        return f'Set the Fly secret {name} and write "${{{name}}}"'
    return f"Set the Fly secret {name} and write {REF % name}"


def references_exist(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    if facts.secret_names is None:
        return
    declared = get(config, "env", "vars", default={})
    known = facts.secret_names | frozenset(declared if isinstance(declared, Mapping) else ())
    for path, value in nodes(config):
        if is_secret_ref(value) and value["source"] == "env" and value.get("id") not in known:
            yield Problem(
                show(path),
                f"refers to {value.get('id')}, which the machine does not have: the gateway would not start",
                suggestion=f"Set a Fly secret named {value.get('id')}",
                rule="secret-missing",
            )
        if isinstance(value, str):
            for name in ENV_SUBSTITUTION.findall(value):
                if name not in known:
                    effect = (
                        "the gateway would start with a random token that nobody knows"
                        if path[:2] == ("gateway", "auth")
                        else "the gateway would start without it"
                    )
                    yield Problem(
                        show(path),
                        f"refers to ${{{name}}}, which the machine does not have: {effect}",
                        suggestion=f"Set a Fly secret named {name}",
                        rule="secret-missing",
                    )


def gateway_token_is_a_reference(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    token = get(config, "gateway", "auth", "token")
    if isinstance(token, str) and ENV_SUBSTITUTION.search(token):
        name = ENV_SUBSTITUTION.findall(token)[0]
        yield Problem(
            "gateway.auth.token",
            "is a substitution: if the variable is ever missing, the gateway starts with a random token",
            suggestion=f"Write {REF % name}, which fails closed",
            rule="token-substitution",
        )


def one_gateway_token(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    """The config's reference wins over OPENCLAW_GATEWAY_TOKEN, which every tool in the machine takes."""
    token = get(config, "gateway", "auth", "token")
    names = facts.secret_names or frozenset()
    if is_secret_ref(token) and token["id"] != TOKEN_ENV and {token["id"], TOKEN_ENV} <= names:
        yield Problem(
            "gateway.auth.token",
            f"refers to {token['id']}, but the machine has {TOKEN_ENV} too: the gateway would take the one, "
            "and its command line the other",
            suggestion=f"Write {REF % TOKEN_ENV}",
            rule="token-twice",
        )
    for path in (("env", "vars", TOKEN_ENV), ("env", TOKEN_ENV)):
        if get(config, *path) is not None:
            yield Problem(
                show(path),
                "sets the gateway's token a second time",
                suggestion=f"Remove it here: the Fly secret {TOKEN_ENV} is the token",
                rule="token-twice",
            )


def hooks_have_their_own_token(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    token = get(config, "hooks", "token")
    if isinstance(token, str) and ENV_SUBSTITUTION.findall(token) == [TOKEN_ENV]:
        yield Problem(
            "hooks.token",
            "is the gateway's own token: whoever may call a webhook could control the gateway",
            suggestion='Set a Fly secret HOOKS_TOKEN and write "${HOOKS_TOKEN}"',
            rule="hooks-token",
        )


def hooks_have_a_token(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    if get(config, "hooks", "enabled") is True and not get(config, "hooks", "token"):
        yield Problem(
            "hooks.token",
            "is missing although hooks are enabled: the gateway does not start",
            suggestion='Set a Fly secret HOOKS_TOKEN and write "${HOOKS_TOKEN}"',
            rule="hooks-token",
        )


def origins_are_exact(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
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


def no_dangerous_switch(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    for path, value in nodes(config):
        key = str(path[-1]) if path else ""
        if value is True and (key.startswith("dangerously") or key == "allowInsecureAuth"):
            yield Problem(
                show(path),
                "switches a protection off",
                suggestion="Remove it, or waive it by this path with a reason",
                rule="dangerous",
            )


def proxy_is_trusted(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
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


def proxies_are_addresses(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
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


def origins_are_origins(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    """Scheme, host and port only; the public one is https, or http on this machine."""
    allowed = get(config, "gateway", "controlUi", "allowedOrigins", default=[])
    for index, origin in enumerate(allowed if isinstance(allowed, list) else []):
        if isinstance(origin, str) and "*" not in origin and not _ORIGIN.match(origin):
            yield Problem(
                f"gateway.controlUi.allowedOrigins[{index}]",
                f"is {origin}, which is no origin: a browser never sends that",
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


def auth_is_one_way(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
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
    if mode == "none" and facts.behind_proxy:
        yield Problem(
            "gateway.auth.mode",
            "is none: the gateway refuses to listen beyond loopback without authentication",
            suggestion="Write mode: token",
            rule="auth-none",
        )


def nothing_moved(config: Mapping[str, Any], facts: Facts) -> Iterator[Problem]:
    for path, remedy in old_forms(config, facts.release):
        yield Problem(
            show(path),
            f"is not what OpenClaw {facts.release} calls it",
            suggestion=f"{remedy}; or have it rewritten, with migrate: true",
            rule="moved",
        )


RULES: tuple[Rule, ...] = (
    mode_is_local,
    bind_is_reachable,
    port_agrees,
    no_literal_secret,
    references_exist,
    gateway_token_is_a_reference,
    one_gateway_token,
    hooks_have_their_own_token,
    hooks_have_a_token,
    origins_are_exact,
    origins_are_origins,
    no_dangerous_switch,
    proxy_is_trusted,
    proxies_are_addresses,
    auth_is_one_way,
    nothing_moved,
)
