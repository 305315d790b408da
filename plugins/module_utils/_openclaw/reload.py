# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a config change costs: nothing, a hot reload, or a restart of the gateway.

The rules are those of 2026.9.6 (``src/gateway/config-reload-plan.ts`` in its package, and
docs/gateway/configuration/hot-reload.md): the longest matching prefix decides; a path that no rule names
restarts the gateway. Plugins add rules of their own while they are loaded; those of the official channels
are hot or none below ``channels.<id>``, as the general rule here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from .paths import Path, matches
from .releases import DEFAULT_RELEASE, Release

Effect = Literal["none", "hot", "restart"]

_ORDER: Final[tuple[Effect, ...]] = ("none", "hot", "restart")

# The gateway's auth secrets hot-apply while the mode stays the same, and mode is a path of its own here.
RULES: Final[dict[Effect, tuple[str, ...]]] = {
    "none": (
        "agent",
        "agents",
        "audio",
        "bindings",
        "gateway.reload",
        "gateway.remote",
        "identity",
        "logging",
        "messages",
        "meta",
        "routing",
        "secrets",
        "session",
        "skills",
        "talk",
        "tui",
        "ui",
        "wizard",
    ),
    "hot": (
        "accessGroups",
        "acp",
        "agent.heartbeat",
        "agents.defaults",
        "agents.entries",
        "agents.ownership",
        "approvals.exec",
        "approvals.plugin",
        "attachments.ttlHours",
        "auth.order",
        "auth.profiles",
        "broadcast",
        "browser.allowSystemProfileImport",
        "browser.attachOnly",
        "browser.cdpUrl",
        "browser.defaultProfile",
        "browser.enabled",
        "browser.evaluateEnabled",
        "browser.executablePath",
        "browser.extensionRelay.allowLegacyAuth",
        "browser.extraArgs",
        "browser.headless",
        "browser.noSandbox",
        "browser.profiles",
        "browser.snapshotDefaults",
        "browser.ssrfPolicy",
        "browser.tabCleanup",
        "channels",
        "cloudWorkers",
        "commands",
        "cron",
        "desktop.host",
        "diagnostics.cacheTrace.enabled",
        "diagnostics.enabled",
        "diagnostics.flags",
        "discovery.mdns.mode",
        "gateway.allowRealIpFallback",
        "gateway.auth.allowTailscale",
        "gateway.auth.identityScopes",
        "gateway.auth.password",
        "gateway.auth.rateLimit",
        "gateway.auth.token",
        "gateway.auth.trustedProxy",
        "gateway.cliAgents",
        "gateway.controlUi.allowExternalEmbedUrls",
        "gateway.controlUi.allowedOrigins",
        "gateway.controlUi.automaticallyFetchFavicons",
        "gateway.controlUi.communityInvite",
        "gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback",
        "gateway.controlUi.embedSandbox",
        "gateway.controlUi.enabled",
        "gateway.controlUi.environment",
        "gateway.controlUi.experimental.customPlugins",
        "gateway.controlUi.github",
        "gateway.controlUi.sessionObserver",
        "gateway.http.endpoints",
        "gateway.http.securityHeaders.strictTransportSecurity",
        "gateway.nodes.allowSkills",
        "gateway.nodes.browser",
        "gateway.nodes.commands",
        "gateway.nodes.pairing",
        "gateway.nodes.pluginTools.enabled",
        "gateway.publicOrigin",
        "gateway.push.apns.relay",
        "gateway.roles",
        "gateway.terminal",
        "gateway.tools",
        "gateway.trustedProxies",
        "hooks",
        "mcp",
        "mcp.apps.sandboxOrigin",
        "memory.citations",
        "messages.ackReactionScope",
        "messages.inbound",
        "models",
        "plugins",
        "security.audit.suppressions",
        "security.installPolicy",
        "session.scope",
        "session.store",
        "skills.workshop.autonomous.mode",
        "surfaces",
        "talk.provider",
        "talk.realtime.provider",
        "telemetry.consentedAt",
        "telemetry.enabled",
        "tools",
        "transcripts",
        "tts",
        "update.auto.enabled",
        "update.channel",
        "update.checkOnStart",
        "worktreeAcceleration",
        "worktreeRoot",
    ),
    "restart": (
        "discovery",
        "gateway",
        "gateway.portals",
        "mcp.apps",
        "secrets.egressProxy",
    ),
}

RULES_SINCE: Final = "2026.9.6"
"""For older releases only what is known to be hot in both is called hot; the rest is called a restart."""

HOT_BEFORE: Final = ("agents", "bindings", "channels", "cron", "hooks", "logging", "messages", "models", "session")

_BY_LENGTH: Final = sorted(
    ((prefix, effect) for effect, prefixes in RULES.items() for prefix in prefixes),
    key=lambda rule: rule[0].count("."),
    reverse=True,
)


def effect_of(path: Path, release: Release | None = None) -> Effect:
    """What a change of this path costs on this release (default: the pinned one)."""
    if release is not None and release < Release.parse(RULES_SINCE):
        return "hot" if path[:1] and path[0] in HOT_BEFORE else "restart"
    return next((effect for prefix, effect in _BY_LENGTH if matches(path, prefix)), "restart")


def effect(paths: Iterable[Path], release: Release | None = None) -> Effect:
    """What all these changes cost together: the most that one of them costs; "none" for no change.

    A changed environment variable or secret is not a path: it always needs a restart of the process.
    """
    costs = [effect_of(path, release or Release.parse(DEFAULT_RELEASE)) for path in paths]
    return max(costs, key=_ORDER.index, default="none")
