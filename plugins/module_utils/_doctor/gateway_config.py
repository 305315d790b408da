# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about openclaw.json as it is on the volume, by the rules that a declared config is judged by."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from .._base.printable import first_of
from .._openclaw.channels import enabled
from .._openclaw.config_rules import check
from .._openclaw.errors import InvalidValue
from .._openclaw.old_forms import old_forms
from .._openclaw.paths import get, show
from .._openclaw.problems import Problem
from .._openclaw.releases import Release
from .._openclaw.releases import facts as release_facts
from .._openclaw.rule import Facts
from . import machine_view
from .evidence import Evidence
from .finding import CRITICAL, INFO, WARNING, finding

_SHOWN = 4
_START_REFUSED = (
    "tailscale", "model-provider-form", "tool-policy", "provider-choice", "hook-session", "time-form", "acp-binding",
    "agent-roster", "agent-folder", "agent-unknown", "hooks-token", "auth-two-ways",
)  # fmt: skip
"""Rules of what the release does not start with."""


def _problems(seen: Evidence) -> list[Problem]:
    names = frozenset({entry["name"] for entry in seen.read("secrets")} | seen.env.keys())
    exposure = seen.subject.exposure or ("public" if seen.config.get("services") else "sealed")
    facts = Facts(
        release=seen.release,
        exposure=exposure,
        port=machine_view.port_of(seen.machine) or 3000,
        hostnames=_hostnames(seen) if exposure == "public" else (),
        https_port=seen.subject.https_port,
        secret_names=names,
    )
    return check(seen.openclaw_json, facts)


def _hostnames(seen: Evidence) -> tuple[str, ...]:
    return seen.subject.hostnames or (f"{seen.subject.app}.fly.dev",)


def _found(seen: Evidence, *rules: str) -> str | None:
    return _listed([problem.head for problem in _problems(seen) if problem.rule in rules])


def _listed(lines: Sequence[str]) -> str | None:
    return first_of(lines, _SHOWN, "; ", "; and ") or None


@finding(
    "gateway.mode",
    CRITICAL,
    title="The config does not let the gateway start: gateway.mode",
    cause="gateway.mode is missing or not local: the gateway blocks its own start.",
    remedy="Write gateway.mode: local (site.yml does)",
    source="OpenClaw docs/gateway/troubleshooting.md",
    apply=True,
)
def mode(seen: Evidence) -> str | None:
    return _found(seen, "gateway-mode")


@finding(
    "gateway.trusted_proxies",
    CRITICAL,
    title="The config trusts no proxy, so the gateway refuses everybody who comes through Fly.io's",
    cause="gateway.trustedProxies is empty. Since 2026.8.1 everything but /healthz is answered with 403 then.",
    remedy="List 172.16.0.0/12 and the app's IP addresses in gateway.trustedProxies (site.yml does)",
    source="OpenClaw docs/gateway/trusted-proxy-auth.md; measured",
    apply=True,
)
def trusted_proxies(seen: Evidence) -> str | None:
    return _found(seen, "proxy-untrusted", "proxy-form")


@finding(
    "gateway.shared_lockout",
    WARNING,
    title="All visitors count as one: somebody who guesses tokens locks everybody out",
    cause="Fly.io adds the app's own address behind the client's in X-Forwarded-For. Unless it is trusted too, the "
    "gateway "
    "takes it for the client.",
    remedy="Add the app's addresses to gateway.trustedProxies (site.yml does)",
    source="superfly/docs request-headers; measured with 2026.9.6",
    apply=True,
)
def shared_lockout(seen: Evidence) -> str | None:
    trusted = get(seen.openclaw_json, "gateway", "trustedProxies", default=[])
    if not trusted or not release_facts(seen.release).needs_trusted_proxies:
        return None
    missing = [address for address in seen.public_addresses if not _covered(address, trusted)]
    return f"not trusted: {', '.join(missing)}" if missing else None


def _covered(address: str, trusted: object) -> bool:
    one = ipaddress.ip_address(address)
    for text in trusted if isinstance(trusted, list) else []:
        try:
            network = ipaddress.ip_network(str(text), strict=False)
        except ValueError:
            continue
        if network.version == one.version and one in network:
            return True
    return False


@finding(
    "gateway.proxy_any",
    CRITICAL,
    title="The gateway believes any client's X-Forwarded-For",
    cause="gateway.trustedProxies holds everything (0.0.0.0/0): each visitor can claim any address as the client's.",
    remedy="List 172.16.0.0/12 and the app's addresses only (site.yml does)",
    source="OpenClaw docs/gateway/security",
    apply=True,
)
def proxy_any(seen: Evidence) -> str | None:
    return _found(seen, "proxy-any")


@finding(
    "gateway.origins",
    WARNING,
    title="The Control UI is not allowed to connect from its own address",
    cause="gateway.controlUi.allowedOrigins does not list it: the page loads, and its connection is refused. Releases "
    "from "
    "2026.2.24 to 2026.2.26 do not start without it.",
    remedy="List https://APP.fly.dev and each custom name in gateway.controlUi.allowedOrigins (site.yml does)",
    source="openclaw#27473, #29809, #34166",
    apply=True,
)
def origins(seen: Evidence) -> str | None:
    return _found(seen, "origin-missing", "origin-form")


@finding(
    "gateway.origin_any",
    CRITICAL,
    title="Any website that a user visits can talk to the gateway",
    cause='gateway.controlUi.allowedOrigins holds "*".',
    remedy="List each origin (site.yml does)",
    source="OpenClaw docs/gateway/security",
    apply=True,
)
def origin_any(seen: Evidence) -> str | None:
    return _found(seen, "origin-any")


@finding(
    "gateway.dangerous_switch",
    CRITICAL,
    title="A protection of the gateway is switched off",
    cause="The config has a dangerously... switch or allowInsecureAuth, as many recipes advise.",
    remedy="Remove it",
    source="OpenClaw docs/gateway/security",
)
def dangerous_switch(seen: Evidence) -> str | None:
    return _found(seen, "dangerous", "auth-none")


@finding(
    "gateway.port_twice",
    WARNING,
    title="gateway.port in the config is not the port of the command",
    cause="The command's --port wins for the gateway; commands in the machine take the config's.",
    remedy="Leave gateway.port out, or write the command's",
    source="Measured with 2026.9.6",
    apply=True,
)
def port_twice(seen: Evidence) -> str | None:
    return _found(seen, "gateway-port")


@finding(
    "gateway.config_refused",
    CRITICAL,
    title="The release does not start with this config",
    cause="It holds what the release refuses at its start; a running gateway keeps the config of before until then.",
    remedy="Correct what is named, in the inventory, and run site.yml",
    source="Rules of this collection, compared with the release's own verdict by tests",
)
def config_refused(seen: Evidence) -> str | None:
    return _found(seen, *_START_REFUSED)


@finding(
    "gateway.config_old_form",
    WARNING,
    title="The config is older than the release",
    cause="Keys have moved between releases. The gateway rewrites or refuses the old form at its next start.",
    remedy="Run site.yml, which writes the release's form",
    source="The release's own migrations (openclaw_config)",
)
def config_old_form(seen: Evidence) -> str | None:
    return _listed([show(path) for path, _remedy in old_forms(seen.openclaw_json, seen.release)])


@finding(
    "gateway.config_newer",
    WARNING,
    title="The config was written by a newer release than the one that runs",
    cause="The image was set back without the data. Keys that the older release does not know are refused.",
    remedy="Go back with rollback.yml, data and image together, or run the newer release again",
    source="OpenClaw docs/install/updating.md (lastTouchedVersion)",
)
def config_newer(seen: Evidence) -> str | None:
    written = get(seen.openclaw_json, "meta", "lastTouchedVersion")
    try:
        newer = written is not None and Release.parse(str(written)) > seen.release
    except InvalidValue:
        return None
    return f"written by {written}, and {seen.release} runs" if newer else None


@finding(
    "gateway.secret_in_config",
    WARNING,
    title="A secret is written out in openclaw.json",
    cause="Backups, exports and everybody who reads the file have it; a new value in Fly.io's secrets does not "
    "replace it.",
    remedy="Put it into a secret, and write ${NAME} or a SecretRef in its place; change its value",
    source="OpenClaw docs/gateway/secrets.md",
)
def secret_in_config(seen: Evidence) -> str | None:
    found = [problem.path for problem in _problems(seen) if problem.rule in ("secret-literal", "token-twice")]
    return _listed(list(dict.fromkeys(found)))


@finding(
    "gateway.secret_missing",
    CRITICAL,
    title="The config names a secret that the machine does not have",
    cause="A ${NAME} or SecretRef leads to a variable that is neither a secret of the app nor in [env].",
    remedy="Declare it in fly_app_secrets, and run site.yml",
    source="OpenClaw docs/gateway/secrets.md",
)
def secret_missing(seen: Evidence) -> str | None:
    return _found(seen, "secret-missing")


@finding(
    "gateway.model_without_key",
    CRITICAL,
    title="The agent's model has no key: it cannot answer",
    cause="The machine has no secret of the model's provider, and the config names no login.",
    remedy="Declare the provider's key in fly_app_secrets, and run site.yml",
    source="OpenClaw's plugin manifests (setup.providers)",
)
def model_without_key(seen: Evidence) -> str | None:
    return _found(seen, "model-key", "model-form")


@finding(
    "gateway.webhook_unreachable",
    WARNING,
    title="A channel waits for webhooks that cannot arrive",
    cause="It listens on another port, and the app's service leads to the gateway's.",
    remedy="Leave webhookUrl out, so that it polls, or run a proxy that leads there",
    source="OpenClaw docs/channels",
)
def webhook_unreachable(seen: Evidence) -> str | None:
    return _found(seen, "webhook-unreachable")


@finding(
    "gateway.no_rate_limit",
    INFO,
    title="Nothing slows down who guesses the gateway's token",
    cause="gateway.auth.rateLimit is not set.",
    remedy="Set openclaw_config_rate_limit, and run site.yml",
    source="security audit gateway.auth_no_rate_limit",
    apply=True,
)
def no_rate_limit(seen: Evidence) -> str | None:
    served = bool(seen.config.get("services"))
    limit = get(seen.openclaw_json, "gateway", "auth", "rateLimit")
    return "gateway.auth.rateLimit is not set" if served and not limit else None


@finding(
    "gateway.channel_without_plugin",
    CRITICAL,
    title="A channel is enabled, and its plugin is not loaded",
    cause="Channels left the image with 2026.5: without the plugin the config is accepted, and nothing is received.",
    remedy="Declare the plugin in openclaw_config_packages, and run site.yml",
    source="openclaw#77106, #77930, #78090",
)
def channel_without_plugin(seen: Evidence) -> str | None:
    accounts = get(seen.answer("channels.status"), "channelAccounts", default={})
    return ", ".join(name for name in enabled(seen.openclaw_json) if name not in accounts) or None
