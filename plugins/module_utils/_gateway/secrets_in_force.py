# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the running gateway has the values that are declared, and whether it uses them.

Values are compared in the machine, by salted digests: what the gateway's own process has in its environment, which it
read when it started. Digests and a token travel on stdin, never in argv.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .._base.errors import CollectionError
from .._base.waiting import until_answered
from .._converge.context import Context
from .._fly.client.api import MachinesApi
from .._openclaw.paths import get
from .calls import converse
from .cli import GatewayCli

AUTH_STATUS: Final = "models.authStatus"
# A gateway may have set its process title: then its command line is that alone.
_COMPARE = r"""
read -r salt
gateways=
for process in /proc/[0-9]*; do
  [ "$process" != "/proc/$$" ] || continue
  tr '\0' '\n' < "$process/cmdline" 2>/dev/null | grep -q gateway || continue
  tr '\0' '\n' < "$process/environ" 2>/dev/null | grep -qx "FLY_MACHINE_ID=$FLY_MACHINE_ID" || continue
  gateways="$gateways $process"
done
while read -r name wanted; do
  verdict=missing
  for process in $gateways; do
    has=$({ printf %s "$salt"; sed -zn "s/^$name=//p" "$process/environ" | tr -d '\0'; } | sha256sum)
    if [ "${has%% *}" != "$wanted" ]; then verdict=other; break; fi
    verdict=same
  done
  echo "$name $verdict"
done
"""
_SAME = "same"
_WHY = {"other": "the running gateway has another value", "missing": "no gateway runs in the machine"}


@dataclass(frozen=True)
class AskedSecrets:
    app: str
    values: Mapping[str, str] = field(repr=False)
    """By name."""
    refused_token: str | None = field(repr=False, default=None)
    """A gateway token that must no longer be accepted."""
    owner: str = "1000:1000"
    timeout: float = 60.0
    """Seconds for the gateway to answer."""


def secrets_in_force(api: MachinesApi, asked: AskedSecrets, context: Context) -> dict[str, Any]:
    """{secrets, token_refused, shadowed}. Raises when a value is not in force, or another credential is used."""
    where = f"gateway {asked.app}"
    cli = GatewayCli.started(api, asked.app, asked.owner)
    said = until_answered(
        "the gateway to answer",
        lambda: converse(cli, [(AUTH_STATUS, {})], safe=True),
        timeout=asked.timeout,
        where=where,
        progress=context.progress,
    )
    verdicts = _compared(cli, asked.values)
    if wrong := {name: verdict for name, verdict in verdicts.items() if verdict != _SAME}:
        raise CollectionError(
            "secrets are not in force",
            where=where,
            why="; ".join(f"{name}: {_WHY.get(verdict, verdict)}" for name, verdict in wrong.items()),
            todo="Run rotate.yml again, or fly_secrets with apply: true, which restarts the machine with them",
            secrets=sorted(wrong),
        )
    refused = _is_refused(cli, asked.refused_token) if asked.refused_token else None
    if refused is False:
        todo = "See what gateway.auth in its config is: it must be the token of OPENCLAW_GATEWAY_TOKEN"
        raise CollectionError("the gateway still accepts the token that was replaced", where=where, todo=todo)
    shadowed = shadowing(said.answers[0].payload, asked.values)
    if shadowed:
        raise CollectionError(
            "a key is in force and not used",
            where=where,
            why="; ".join(f"{one['profile']} on the volume is used instead of {one['name']}" for one in shadowed),
            todo="Remove that profile in the Control UI, or write the new key there; revoke the old key only then",
            shadowed=shadowed,
        )
    return {"changed": False, "secrets": sorted(verdicts), "token_refused": refused, "shadowed": shadowed}


def shadowing(status: object, names: Mapping[str, str]) -> list[dict[str, str]]:
    """The saved profiles that win over an environment variable of these names, from `models.authStatus`."""
    found = []
    for provider in get(status, "providers", default=[]) or []:
        name = str(get(provider, "apiKey", "envVar", default="") or "")
        if name not in names:
            continue
        for profile in provider.get("profiles") or []:
            if profile.get("source") in ("saved", "inherited"):
                of = {"name": name, "provider": str(provider.get("provider"))}
                found.append({**of, "profile": str(profile.get("profileId"))})
    return found


def _compared(cli: GatewayCli, values: Mapping[str, str]) -> dict[str, str]:
    salt = secrets.token_hex(16)
    lines = [f"{name} {hashlib.sha256((salt + value).encode()).hexdigest()}" for name, value in values.items()]
    answer = cli.shell(_COMPARE, "\n".join([salt, *lines, ""]))
    seen = dict(line.split(" ", 1) for line in answer["stdout"].splitlines() if " " in line)
    return {name: seen.get(name, answer["stderr"].strip()[-200:] or "it could not be compared") for name in values}


def _is_refused(cli: GatewayCli, token: str) -> bool:
    """Whether a login in the machine with this token is refused for its sake."""
    try:
        converse(cli, [], safe=True, token=token)
    except CollectionError as error:
        if "unauthorized" not in (error.why or ""):
            raise
        return True
    return False
