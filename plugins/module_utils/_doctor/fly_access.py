# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about addresses, certificates and secrets."""

from __future__ import annotations

from .._base import clock
from .._base.secret_recognition import find_secrets
from .._fly.machines.services import published_by
from .._fly.secrets.applied import runs_with, secrets_state
from .._openclaw.secret_refs import TOKEN_ENV
from .evidence import Evidence
from .finding import CRITICAL, WARNING, finding

_EXPIRES = 14 * 86400.0
"""Seconds: Fly.io renews a certificate a month before it expires."""
_HIDDEN = ("private", "sealed")


@finding(
    "fly.public_address",
    CRITICAL,
    title="A gateway that should not be public has a public address",
    cause="flyctl gives an app public addresses with its first deploy that has a service, and with each one later "
    "while it "
    "has none; or somebody allocated one.",
    remedy="Run site.yml, which releases it; keep a Flycast address, so that flyctl allocates none",
    source="flyctl#2084, #1196; runtm-ai/runtm#60",
)
def public_address(seen: Evidence) -> str | None:
    if seen.subject.exposure not in _HIDDEN or not seen.public_addresses:
        return None
    return f"{seen.subject.exposure}, with {', '.join(seen.public_addresses)}"


@finding(
    "fly.no_address",
    CRITICAL,
    title="Nothing leads to the gateway: the app has no address",
    cause="The machine has a service for Fly.io's proxy, but the app's addresses were released.",
    remedy="Run site.yml, which allocates what the exposure needs",
    source="Machines API",
    apply=True,
)
def no_address(seen: Evidence) -> str | None:
    return "its service is unreachable" if published_by(seen.gateways) and not seen.addresses else None


@finding(
    "fly.no_service",
    CRITICAL,
    title="The app's address leads nowhere: no machine has a service",
    cause="The widespread private guide removes the service. Neither Flycast nor fly proxy to the machine reaches the "
    "gateway then: 6PN is IPv6 only, and the gateway listens on IPv4 only.",
    remedy="Keep the http service and reach it by Flycast: run site.yml with fly_app_exposure: private",
    source="Measured with 2026.9.6",
)
def no_service(seen: Evidence) -> str | None:
    if published_by(seen.machines) or not seen.addresses or not seen.gateways:
        return None
    return ", ".join(str(entry["ip"]) for entry in seen.addresses)


@finding(
    "fly.private_redirect",
    CRITICAL,
    title="A private gateway answers with a redirect to a port that is closed",
    cause="force_https sends Flycast's http to https, and Flycast has no certificate.",
    remedy="Set force_https = false for a private gateway (site.yml does)",
    source="superfly/docs flycast",
    apply=True,
)
def private_redirect(seen: Evidence) -> str | None:
    kinds = {entry["type"] for entry in seen.addresses}
    forced = [port for port in published_by(seen.gateways) if port.force_https]
    return f"{forced[0]} has force_https" if kinds == {"private_v6"} and forced else None


@finding(
    "fly.certificate_expires",
    CRITICAL,
    title="A certificate expires within two weeks",
    cause="Fly.io renews its certificates a month before; this one was not renewed, because DNS leads elsewhere, or "
    "it is "
    "one that was uploaded.",
    remedy="Correct the name's DNS records (fly_certificate lists them), or upload a new certificate",
    source="superfly/docs custom-domains",
)
def certificate_expires(seen: Evidence) -> str | None:
    found = []
    for one in seen.read("certificates"):
        ends = [clock.parse(held["expires_at"]) for held in one.get("certificates") or [] if held.get("expires_at")]
        if ends and max(ends) - seen.now < _EXPIRES:
            found.append(f"{one['hostname']} on {clock.text(max(ends))}")
    return ", ".join(found) or None


@finding(
    "fly.certificate_missing",
    WARNING,
    title="A name has no certificate yet",
    cause="Its DNS records do not lead to the app, or the proof of ownership is missing.",
    remedy="Set the records that fly_certificate lists, and wait some minutes",
    source="superfly/docs custom-domains",
)
def certificate_missing(seen: Evidence) -> str | None:
    listed = [one for one in seen.read("certificates") if not one.get("configured")]
    return ", ".join(f"{one['hostname']}: {one.get('status') or 'not configured'}" for one in listed) or None


@finding(
    "fly.staged_secrets",
    WARNING,
    title="A secret was set that the machine does not have yet",
    cause="Fly.io gives secrets to a machine with a deploy; a restart does not read them.",
    remedy="Run site.yml, or fly secrets deploy",
    source="yc-software/qm#20; fastrepl/anarlog#7116",
    apply=True,
)
def staged_secrets(seen: Evidence) -> str | None:
    secrets = seen.read("secrets")
    fingerprint, set_at = secrets_state(secrets)
    behind = [one["id"] for one in seen.gateways if not runs_with(one, fingerprint, set_at)]
    if not secrets or not behind:
        return None
    return f"machine {', '.join(behind)} runs with the secrets of before the last change"


@finding(
    "fly.token_missing",
    CRITICAL,
    title="The gateway has no token",
    cause=f"The app has no secret {TOKEN_ENV}: the gateway refuses to listen beyond loopback, or makes a token that "
    "nobody knows.",
    remedy=f"Run site.yml, or fly secrets set {TOKEN_ENV}",
    source="OpenClaw docs/install/fly.md",
)
def token_missing(seen: Evidence) -> str | None:
    names = {entry["name"] for entry in seen.read("secrets")} | seen.env.keys()
    given = {TOKEN_ENV, "OPENCLAW_GATEWAY_PASSWORD"} & names
    return None if given or not seen.gateways else f"neither a secret nor a variable {TOKEN_ENV}"


@finding(
    "fly.secret_in_env",
    WARNING,
    title="A secret is in the machine's environment, where the API shows it",
    cause="[env] of fly.toml is part of the machine's configuration: everybody who may read the app reads it.",
    remedy="Move it to fly_app_secrets, and change its value: it was readable",
    source="Machines API; Kilo-Org/cloud",
)
def secret_in_env(seen: Evidence) -> str | None:
    return ", ".join(dict.fromkeys(str(found.path[0]) for found in find_secrets(seen.env) if found.path)) or None
