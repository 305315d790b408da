# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base.secret_recognition import Finding
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.secrets import (
    MASKED,
    is_env_name,
    masked,
    secret_name,
    secret_names,
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("mcp.servers.forge.env.GITHUB_TOKEN", "GITHUB_TOKEN"),
        ("env.BRAVE_API_KEY", "BRAVE_API_KEY"),
        ("skills.entries.search.env.X_Y", "X_Y"),
        ("mcp.servers.notes.headers.Authorization", "NOTES_TOKEN"),
        ("mcp.servers.notes.headers.X-Api-Key", "NOTES_X_API_KEY"),
        ("hooks.token", "HOOKS_TOKEN"),
        ("channels.discord.token", "DISCORD_BOT_TOKEN"),
        ("channels.telegram.accounts.default.botToken", "TELEGRAM_DEFAULT_BOT_TOKEN"),
        ("channels.slack.accounts.default.botToken", "SLACK_DEFAULT_BOT_TOKEN"),
        ("models.providers.openai.apiKey", "OPENAI_API_KEY"),
        ("models.providers.openAI.APIKey", "OPEN_AI_API_KEY"),
    ],
)
def test_names_are_those_that_a_person_would_choose(path: str, name: str) -> None:
    assert secret_name(path.split(".")) == name
    assert is_env_name(name)


def test_an_argument_is_called_by_its_option() -> None:
    assert secret_name(("mcp", "servers", "forge", "args", 3), "api-key") == "FORGE_API_KEY"


def test_no_two_secrets_share_a_name() -> None:
    paths = [
        ("models", "providers", "a-b", "apiKey"),
        ("models", "providers", "a_b", "apiKey"),
        ("tts", "providers", "a-b", "apiKey"),
        ("channels", "telegram", "accounts", "default", "botToken"),
        ("channels", "slack", "accounts", "default", "botToken"),
        ("mcp", "servers", "one", "env", "GITHUB_TOKEN"),
        ("mcp", "servers", "two", "env", "GITHUB_TOKEN"),
    ]
    names = secret_names([Finding(path, "a secret by its name") for path in paths], taken=["A_B_API_KEY"])
    assert len(set(names.values())) == len(paths)
    assert "A_B_API_KEY" not in names.values()
    assert names[paths[5]] == "GITHUB_TOKEN"
    assert names[paths[6]] == "TWO_GITHUB_TOKEN"


def test_masking_hides_by_name_by_shape_and_in_arguments() -> None:
    config = {
        "servers": {"a": {"args": ["--token", "abc", "x"], "headers": {"Authorization": "Bearer abc"}}},
        "port": 3000,
    }
    assert masked((), config) == {
        "servers": {"a": {"args": ["--token", MASKED, "x"], "headers": {"Authorization": MASKED}}},
        "port": 3000,
    }
    assert masked(("channels", "x", "token"), "abc") == MASKED
    assert masked(("channels", "x", "token"), "${TOKEN}") == "${TOKEN}"
