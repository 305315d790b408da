"""What moved between releases: told, or rewritten."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_moves import (
    CONFIG_MOVES,
    migrate,
    old_forms,
    retired_model,
)
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.paths import show
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release

OLD, NEW = Release.parse("2026.2.9"), Release.parse("2026.9.6")

# The guide's config as it stood in early 2026, and as 2026.9.6 wants it.
GUIDE: dict[str, Any] = {
    "agents": {
        "defaults": {
            "model": {
                "primary": "anthropic/claude-opus-4-5",
                "fallbacks": ["anthropic/claude-sonnet-4-5", "openai/gpt-4o"],
            },
            "maxConcurrent": 4,
        },
        "list": [{"id": "main", "default": True}],
    },
    "channels": {"discord": {"guilds": {"1": {"channels": {"general": {"allow": True}}}}}},
    "gateway": {"mode": "local", "bind": "0.0.0.0", "reload": {"mode": "hot"}},
    "bindings": [{"agentId": "main", "match": {"channel": "discord", "peer": {"kind": "dm", "id": "7"}}}],
    "meta": {"lastTouchedAt": "x"},
}
NOW: dict[str, Any] = {
    "agents": {
        "defaults": {
            "model": {
                "primary": "anthropic/claude-opus-4-7",
                "fallbacks": ["anthropic/claude-sonnet-4-6", "openai/gpt-5.5"],
            },
            "maxConcurrent": 4,
        },
        "entries": {"main": {}},
    },
    "channels": {"discord": {"guilds": {"1": {"channels": {"general": {"enabled": True}}}}}},
    "gateway": {"mode": "local", "bind": "lan", "reload": {"mode": "hybrid"}},
    "bindings": [{"agentId": "main", "match": {"channel": "discord", "peer": {"kind": "direct", "id": "7"}}}],
}


def test_the_old_guide_is_rewritten() -> None:
    config, said = migrate(GUIDE, NEW)
    assert config == NOW
    assert len(said) == 10
    assert (
        "channels.discord.guilds.1.channels.general.allow: is now channels.discord.guilds.1.channels.general.enabled"
        in said
    )
    assert "agents.defaults.model.fallbacks[1]: openai/gpt-4o is now openai/gpt-5.5" in said
    assert list(old_forms(config, NEW)) == []
    assert migrate(config, NEW) == (config, [])


def test_without_it_each_is_told_with_its_remedy() -> None:
    told = {show(path): remedy for path, remedy in old_forms(GUIDE, NEW)}
    assert "agents.entries" in told["agents.list"]
    assert "'enabled'" in told["channels.discord.guilds.1.channels.general.allow"]
    assert "anthropic/claude-sonnet-4-6" in told["agents.defaults.model.fallbacks[0]"]
    assert "direct" in told["bindings[0].match.peer.kind"]


def test_an_older_release_keeps_its_words() -> None:
    config, said = migrate(GUIDE, OLD)
    assert said == ["gateway.bind: 0.0.0.0 is now lan"]
    assert config["agents"] == GUIDE["agents"]


def test_what_is_declared_the_new_way_too_wins() -> None:
    config, _said = migrate(
        {"session": {"typingMode": "never"}, "agents": {"defaults": {"typingMode": "instant"}}}, NEW
    )
    assert config == {"agents": {"defaults": {"typingMode": "instant"}}}


@pytest.mark.parametrize("move", [move for move in CONFIG_MOVES if move.rewrites], ids=lambda move: move.old)
def test_every_rewrite_ends(move: Any) -> None:
    """No move leads to a path that another one, or itself, would move again."""
    value: Any = next(iter(move.values), [{"id": "a"}] if move.keyed else 1)
    for key in reversed(move.old.split(".")):
        value = [value] if key == "*" and move.old.startswith("bindings") else {"a" if key == "*" else key: value}
    config, said = migrate(value, NEW)
    assert said
    assert migrate(config, NEW) == (config, [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-6"),
        ("anthropic/claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-6"),
        ("anthropic/claude-3-5-haiku-latest", "anthropic/claude-sonnet-4-6"),
        ("anthropic/claude-opus-4-6", None),
        ("anthropic/claude-haiku-4-5", None),
        ("openai/gpt-4o@work", "openai/gpt-5.5@work"),
        ("openai/gpt-5.4", None),
        ("openrouter/gpt-4o", None),
        ("no model", None),
    ],
)
def test_retired_models(old: str, new: str | None) -> None:
    assert retired_model(old) == new
