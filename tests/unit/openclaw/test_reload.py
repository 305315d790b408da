"""What a change costs."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.reload import effect, effect_of


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        ("gateway.trustedProxies", "hot"),
        ("gateway.controlUi.allowedOrigins", "hot"),
        ("gateway.controlUi.basePath", "restart"),
        ("gateway.port", "restart"),
        ("gateway.bind", "restart"),
        ("gateway.auth.mode", "restart"),
        ("gateway.auth.token.id", "hot"),
        ("gateway.auth.rateLimit.maxAttempts", "hot"),
        ("gateway.reload.mode", "none"),
        ("gateway.publicOrigin", "hot"),
        ("gateway.tls.certPath", "restart"),
        ("channels.discord.guilds.1.requireMention", "hot"),
        ("agents.defaults.model.primary", "hot"),
        ("agents.entries.main.model", "hot"),
        ("plugins.entries.voice-call.enabled", "hot"),
        ("models.catalogRefresh.enabled", "hot"),
        ("update.checkOnStart", "hot"),
        ("logging.level", "none"),
        ("bindings", "none"),
        ("mcp.apps.port", "restart"),
        ("mcp.apps.sandboxOrigin", "hot"),
        ("env.vars.X", "restart"),
        ("discovery.wideArea.enabled", "restart"),
        ("discovery.mdns.mode", "hot"),
        ("secrets.egressProxy", "restart"),
        ("unheardOf", "restart"),
    ],
)
def test_the_longest_rule_decides(path: str, cost: str) -> None:
    assert effect_of(tuple(path.split("."))) == cost


def test_many_changes_cost_what_the_dearest_costs() -> None:
    none, hot, restart = ("logging", "level"), ("channels", "irc"), ("gateway", "port")
    assert effect([]) == "none"
    assert effect([none]) == "none"
    assert effect([none, hot]) == "hot"
    assert effect([hot, restart, none]) == "restart"


def test_an_older_release_is_judged_with_care() -> None:
    old = Release.parse("2026.2.9")
    assert effect([("channels", "discord", "enabled")], old) == "hot"
    assert effect([("gateway", "trustedProxies")], old) == "restart"
