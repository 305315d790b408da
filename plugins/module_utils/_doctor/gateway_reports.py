# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenClaw's own reports, mapped to this catalogue: security audit, doctor --lint, secrets audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .._base.printable import first_of
from .._openclaw.errors import reported
from .._openclaw.paths import get
from .._openclaw.providers import PROVIDER_KEYS
from .evidence import Evidence, Unread
from .finding import CRITICAL, FINDINGS, WARNING, finding
from .log_lines import shown

ALREADY: Final[Mapping[str, str]] = {
    "fs.config.perms_world_readable": "machine.config_mode",
    "fs.config.perms_group_readable": "machine.config_mode",
    "fs.config.perms_writable": "machine.config_mode",
    "config.plaintext_secrets": "gateway.secret_in_config",
    "config.insecure_or_dangerous_flags": "gateway.dangerous_switch",
    "gateway.control_ui.host_header_origin_fallback": "gateway.dangerous_switch",
    "gateway.control_ui.allowed_origins_required": "gateway.origins",
    "gateway.auth_no_rate_limit": "gateway.no_rate_limit",
    "gateway.token_too_short": "gateway.token_short",
    "hooks.token_reuse_gateway_token": "gateway.token_reused",
    "gateway.control_ui.allowed_origins_wildcard": "gateway.origin_any",
    "gateway.trusted_proxies_missing": "gateway.trusted_proxies",
}
"""Findings of OpenClaw's that this catalogue has under another id."""
EXPECTED: Final = {"core/doctor/security": 'Gateway bound to "lan"'}
"""What OpenClaw warns of, and a gateway on Fly.io needs: its proxy reaches no other address."""
_SHOWN = 6


def _audit(seen: Evidence) -> list[Mapping[str, Any]]:
    return _findings(seen, "security audit")


def _findings(seen: Evidence, command: str) -> list[Mapping[str, Any]]:
    report = seen.read(command)
    found = get(report, "findings")
    if not isinstance(found, list):
        raise Unread(command, reported(report, "its answer has no findings"))
    return [one for one in found if isinstance(one, Mapping)]


def _is_known(seen: Evidence, theirs: object) -> bool:
    """Whether the same thing is found under an id of this catalogue, by other evidence."""
    ours = next((one for one in FINDINGS if one.id == ALREADY.get(str(theirs))), None)
    try:
        return ours is not None and bool(ours.detect(seen))
    except Unread:
        return False


def _left(seen: Evidence, severity: str) -> str | None:
    found = [one for one in _audit(seen) if one.get("severity") == severity]
    return _lines([one for one in found if not _is_known(seen, one.get("checkId"))])


def _linted(seen: Evidence, *severities: str) -> str | None:
    found = [one for one in _findings(seen, "doctor --lint") if one.get("severity") in severities]
    return _lines([one for one in found if not _is_expected(one)])


def _is_expected(one: Mapping[str, Any]) -> bool:
    text = EXPECTED.get(str(one.get("checkId")))
    return text is not None and text in str(one.get("message"))


def _mapped(seen: Evidence, identity: str) -> str | None:
    ids = [theirs for theirs, ours in ALREADY.items() if ours == identity]
    return _lines([one for one in _audit(seen) if one.get("checkId") in ids])


def _lines(found: list[Mapping[str, Any]]) -> str | None:
    lines = [f"{one.get('checkId')}: {shown(str(one.get('title') or one.get('message') or ''))}" for one in found]
    return first_of(lines, _SHOWN, "; ", "; and ") or None


@finding(
    "gateway.token_short",
    WARNING,
    title="The gateway's token can be guessed: it is short",
    cause="It was typed by hand. OpenClaw's audit warns below 24 characters.",
    remedy="Make a new one (openssl rand -hex 32), set it as OPENCLAW_GATEWAY_TOKEN, and run site.yml",
    source="security audit gateway.token_too_short",
)
def token_short(seen: Evidence) -> str | None:
    return _mapped(seen, "gateway.token_short")


@finding(
    "gateway.token_reused",
    CRITICAL,
    title="Webhooks are authenticated with the gateway's own token",
    cause="Whoever may send a webhook can control the whole gateway.",
    remedy="Give hooks.token a value of its kind, as another secret",
    source="security audit hooks.token_reuse_gateway_token",
)
def token_reused(seen: Evidence) -> str | None:
    return _mapped(seen, "gateway.token_reused")


@finding(
    "gateway.audit_critical",
    CRITICAL,
    title="The gateway's own security audit has critical findings",
    cause="Its settings let somebody in, or give an agent more than it should have.",
    remedy="Apply the remedy that openclaw security audit prints, in the inventory",
    source="openclaw security audit --json",
)
def audit_critical(seen: Evidence) -> str | None:
    return _left(seen, "critical")


@finding(
    "gateway.audit_warning",
    WARNING,
    title="The gateway's own security audit warns",
    cause="Its settings are looser than they need to be.",
    remedy="Apply the remedy that openclaw security audit prints, in the inventory",
    source="openclaw security audit --json",
)
def audit_warning(seen: Evidence) -> str | None:
    return _left(seen, "warn")


@finding(
    "gateway.lint_error",
    CRITICAL,
    title="openclaw doctor reports errors",
    cause="Its state, config or plugins are broken in a way that the release knows.",
    remedy="See the lines; openclaw doctor --fix repairs many, with the gateway stopped and a backup taken",
    source="openclaw doctor --lint --json",
)
def lint_error(seen: Evidence) -> str | None:
    return _linted(seen, "error", "critical", "fatal")


@finding(
    "gateway.lint_warning",
    WARNING,
    title="openclaw doctor warns",
    cause="The release sees something that will break or that it would set otherwise.",
    remedy="See the lines; what the inventory declares is corrected there",
    source="openclaw doctor --lint --json (judged by severity: it ends with 1 for a warning)",
)
def lint_warning(seen: Evidence) -> str | None:
    return _linted(seen, "warning", "warn")


@finding(
    "gateway.shadowed_key",
    CRITICAL,
    title="A key on the volume is used in place of the secret that was set",
    cause="A stored auth profile wins over the machine's environment: a rotated key never comes into force, and the "
    "old "
    "one fails when it is revoked.",
    remedy="Remove the profile (openclaw models auth, or its entry in the agent's auth-profiles), and restart",
    source="KiloClaw #2765; measured with 2026.9.6 (models.authStatus, secrets audit)",
)
def shadowed_key(seen: Evidence) -> str | None:
    names = {entry["name"] for entry in seen.read("secrets")} | seen.env.keys()
    found = []
    for provider, profile in _stored_keys(seen):
        shadowed = names & set(PROVIDER_KEYS.get(provider, ()))
        if shadowed:
            found.append(f"profile {profile} over {', '.join(sorted(shadowed))}")
    return "; ".join(dict.fromkeys(found)) or None


def _stored_keys(seen: Evidence) -> Iterator[tuple[str, str]]:
    """Provider and profile of each key on the volume: from the gateway, or where it is silent from the audit."""
    try:
        providers = get(seen.answer("models.authStatus"), "providers", default=[])
    except Unread:
        for one in _findings(seen, "secrets audit"):
            if one.get("profileId"):
                yield str(one.get("provider") or ""), str(one["profileId"])
        return
    for provider in providers:
        for profile in get(provider, "profiles", default=[]) or []:
            if get(profile, "type") == "api_key":
                yield str(get(provider, "provider")), str(get(profile, "profileId"))


@finding(
    "gateway.plaintext_secret",
    WARNING,
    title="Secrets are stored in plain text on the volume",
    cause="They were pasted into the Control UI, or an onboarding wrote them; each backup has them.",
    remedy="Move them to fly_app_secrets with a SecretRef: openclaw secrets configure",
    source="openclaw secrets audit --json",
)
def plaintext_secret(seen: Evidence) -> str | None:
    found = [one for one in _findings(seen, "secrets audit") if one.get("code") == "PLAINTEXT_FOUND"]
    places = [str(one.get("profileId") or one.get("jsonPath") or one.get("file") or "a file") for one in found]
    return f"{len(found)}: {', '.join(dict.fromkeys(places[:_SHOWN]))}" if found else None


@finding(
    "gateway.secret_unresolved",
    CRITICAL,
    title="A SecretRef leads nowhere",
    cause="The variable, file or command that it names does not exist in the machine.",
    remedy="Declare the secret in fly_app_secrets, and run site.yml",
    source="openclaw secrets audit --json (REF_UNRESOLVED)",
)
def secret_unresolved(seen: Evidence) -> str | None:
    found = [one for one in _findings(seen, "secrets audit") if one.get("code") == "REF_UNRESOLVED"]
    places = (str(one.get("jsonPath") or one.get("profileId") or one.get("file") or "a file") for one in found)
    return ", ".join(dict.fromkeys(places)) or None
