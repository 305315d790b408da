# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with tunnels, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..paths import get
from ..problems import Problem
from ..rule import Facts, may_be_waived
from .declared import VARIABLE, VOICE_CALL, Tunnel, read
from .follow import voice_call_port

EVERYTHING = "tunnel-everything"
"""The rule that is waived with a reason where a tunnel is to lead to the whole gateway."""
may_be_waived(EVERYTHING)


def check(declared: object, config: Mapping[str, object], facts: Facts) -> list[Problem]:
    """All problems of the declared tunnels, beside a declared openclaw.json."""
    tunnels, problems = read(declared, facts.port)
    for tunnel in tunnels:
        problems += _fits(tunnel, config, facts)
    return problems


def _fits(tunnel: Tunnel, config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    if tunnel.kind == "outbound":
        if facts.exposure == "public":
            yield Problem(
                VARIABLE,
                "is outbound, but fly_app_exposure is public",
                suggestion="Write fly_app_exposure: private or sealed",
                rule="tunnel",
            )
        return
    where = f"{VARIABLE} {tunnel.hostname}"
    if facts.secret_names is not None and tunnel.secret not in facts.secret_names:
        yield Problem(
            where,
            f"needs the secret {tunnel.secret}, which the machine does not have",
            suggestion=f"Set it: fly_app_secrets.{tunnel.secret}, from a vault",
            rule="secret-missing",
        )
    if tunnel.everything:
        whom = "everybody" if tunnel.public else "your whole tailnet"
        yield Problem(
            where,
            f"has the path /: the whole gateway, its Control UI too, would be open to {whom}",
            suggestion=f"List the webhooks' paths, or waive {EVERYTHING} with a reason in openclaw_config_waivers",
            rule=EVERYTHING,
        )
    if tunnel.run_by == "gateway":
        yield from _managed(tunnel, where, facts)
    voice_call = get(config, "plugins", "entries", VOICE_CALL)
    if tunnel.run_by == VOICE_CALL and not voice_call:
        yield Problem(
            where,
            "is run by the voice-call plugin, which is not declared",
            suggestion='Write openclaw_config_packages: {"@openclaw/voice-call": VERSION}',
            rule="tunnel",
        )
    if tunnel.run_by == VOICE_CALL and tunnel.port != voice_call_port(config):
        yield Problem(
            where,
            f"has port {tunnel.port}, and the plugin listens on {voice_call_port(config)}",
            suggestion="Leave port out",
            rule="tunnel",
        )
    if get(config, "plugins", "entries", VOICE_CALL, "config", "skipSignatureVerification") is True:
        yield Problem(
            f"plugins.entries.{VOICE_CALL}.config.skipSignatureVerification",
            f"takes webhooks from anybody, and {tunnel.hostname} leads there",
            suggestion="Remove it",
            rule="dangerous",
        )


def _managed(tunnel: Tunnel, where: str, facts: Facts) -> Iterator[Problem]:
    if facts.exposure != "sealed":
        yield Problem(
            where,
            f"is run by the gateway, which then listens on loopback only, and fly_app_exposure is {facts.exposure}",
            suggestion="Write fly_app_exposure: sealed, or run_by: process",
            rule="tunnel",
        )
    if not tunnel.everything:
        yield Problem(
            where,
            "names paths, but the gateway's own Tailscale always leads to all of the gateway",
            suggestion='Write paths: ["/"] and waive it, or run_by: process, which forwards the named paths only',
            rule="tunnel",
        )
