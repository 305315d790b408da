"""Channels as data: what an enabled one needs, told before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.channels import check, enabled, variables
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release

OLD, NEW = Release.parse("2026.2.9"), Release.parse("2026.9.6")


def config(**channels: Any) -> dict[str, Any]:
    return {"channels": channels}


def test_what_counts_as_enabled() -> None:
    given = config(discord={}, telegram={"enabled": False}, slack={"enabled": True}, defaults={"groupPolicy": "open"})
    assert enabled(given) == ["discord", "slack"]


@pytest.mark.parametrize(
    ("channel", "block", "needed"),
    [
        ("discord", {}, ["DISCORD_BOT_TOKEN"]),
        ("discord", {"token": {"source": "env", "provider": "default", "id": "MINE"}}, []),
        ("discord", {"accounts": {"a": {}}}, []),
        ("telegram", {"tokenFile": "/data/token"}, []),
        ("slack", {}, ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]),
        ("slack", {"mode": "http"}, ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]),
        ("whatsapp", {}, []),
        ("somebodys-own", {}, []),
    ],
)
def test_the_variables_that_a_block_relies_on(channel: str, block: dict[str, Any], needed: list[str]) -> None:
    assert variables(channel, block) == needed


def test_a_plugin_that_the_release_does_not_bundle_is_declared() -> None:
    [problem] = check(config(discord={}), NEW, packages={})
    assert (problem.path, problem.rule) == ("channels.discord", "channel-plugin")
    assert '{"@openclaw/discord": "2026.9.6"}' in str(problem)
    assert list(check(config(discord={}), NEW, packages={"@openclaw/discord": "2026.9.6"})) == []
    assert list(check(config(telegram={}), NEW, packages={})) == []
    assert list(check(config(discord={}), OLD, packages={})) == []


def test_a_secret_is_among_the_declared_names() -> None:
    [problem] = check(config(telegram={}), NEW, secret_names=["OTHER"])
    assert (problem.path, problem.rule) == ("channels.telegram", "channel-secret")
    assert "TELEGRAM_BOT_TOKEN" in str(problem)


@pytest.mark.parametrize(
    ("channel", "name", "good"),
    [
        ("slack", "SLACK_BOT_TOKEN", "xoxb-" + "1" * 20),
        ("slack", "SLACK_APP_TOKEN", "xapp-" + "1" * 20),
        ("telegram", "TELEGRAM_BOT_TOKEN", "123456789:" + "a" * 35),
        ("discord", "DISCORD_BOT_TOKEN", "a" * 24 + "." + "b" * 6 + "." + "c" * 27),
    ],
)
def test_a_token_has_its_channels_shape(channel: str, name: str, good: str) -> None:
    assert list(check(config(**{channel: {}}), NEW, secrets={name: good})) == []
    bad = "canary-of-another-kind"
    [problem] = check(config(**{channel: {}}), NEW, secrets={name: bad})
    assert (problem.path, problem.rule) == (name, "channel-token")
    assert bad not in str(problem)
    assert list(check(config(**{channel: {"enabled": False}}), NEW, secrets={name: bad})) == []
