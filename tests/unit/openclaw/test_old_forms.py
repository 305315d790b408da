"""Advice on old forms: right, and never a guess that opens something (case 16)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_judge import judge
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.old_form_table import OLD_FORMS
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.old_forms import (
    forms_of,
    old_forms,
    rewrite_refused,
    without_install_records,
)
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.paths import show
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.retired_models import replacement
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.rule import Facts

OLD, NEW = Release.parse("2026.2.9"), Release.parse("2026.9.6")

LEGACY: dict[str, Any] = {
    "gateway": {"mode": "local", "nodes": {"denyCommands": ["camera.snap"]}},
    "commands": {"ownerDisplay": "raw", "useAccessGroups": True},
    "env": {"GOOGLE_CLOUD_PROJECT": "my-project", "vars": {"A": "b"}, "shellEnv": {"enabled": True}},
    "messages": {"queue": {"debounceMs": 1000}},
    "logging": {"redactSensitive": "tools", "consoleStyle": "compact"},
    "session": {"idleMinutes": 60},
    "ui": {"assistant": {"name": "Bot"}},
    "plugins": {"bundledDiscovery": "compat"},
    "tools": {"web": {"search": {"apiKey": "${BRAVE_API_KEY}", "gemini": {"model": "x"}, "provider": "brave"}}},
    "mcp": {"servers": {"notes": {"url": "https://mcp.example.com", "timeout": 5}}},
    "channels": {
        "telegram": {"enabled": True, "streaming": "partial"},
        "slack": {"enabled": True, "nativeStreaming": True, "channels": {"C0TEAM": {"allow": True}}},
        "discord": {"enabled": True, "streaming": False, "dm": {"policy": "allowlist", "allowFrom": ["42"]}},
        "whatsapp": {"enabled": True, "ackReaction": {"emoji": "eyes"}},
        "signal": {"enabled": True, "streaming": {"mode": "off"}},
    },
}
RIGHT = {
    "gateway.nodes.denyCommands": "gateway.nodes.commands.deny",
    "commands.ownerDisplay": "Remove it",
    "commands.useAccessGroups": "Remove it",
    "env.GOOGLE_CLOUD_PROJECT": "env.vars.<NAME>",
    "messages.queue.debounceMs": "Remove it",
    "logging.redactSensitive": "Remove it",
    "logging.consoleStyle": "pretty",
    "session.idleMinutes": "session.reset.idleMinutes",
    "ui.assistant": "agents.entries.<id>.identity",
    "plugins.bundledDiscovery": "Remove it",
    "tools.web.search.apiKey": "plugins.entries.brave.config.webSearch.apiKey",
    "tools.web.search.gemini": "plugins.entries.google.config.webSearch",
    "mcp.servers.notes.timeout": "requestTimeoutMs",
    "channels.telegram.streaming": "streaming: {mode: partial}",
    "channels.slack.nativeStreaming": "streaming.nativeTransport",
    "channels.slack.channels.C0TEAM.allow": "channels.slack.channels.*.enabled",
    "channels.discord.streaming": "streaming: {mode: partial}",
    "channels.discord.dm.policy": "dmPolicy",
    "channels.discord.dm.allowFrom": "allowFrom",
    "channels.whatsapp.ackReaction": "messages.ackReaction",
}


def test_each_old_form_has_the_right_advice_and_nothing_else_is_one() -> None:
    told = {show(path): remedy for path, remedy in old_forms(LEGACY, NEW)}
    assert told.keys() == RIGHT.keys()
    assert {path for path, words in RIGHT.items() if words not in told[path]} == set()


def test_with_migrate_they_are_left_to_the_release() -> None:
    facts = Facts(exposure="sealed")
    assert {problem.path for problem in judge(LEGACY, facts) if problem.rule == "moved"} == RIGHT.keys()
    assert judge(LEGACY, Facts(exposure="sealed", migrate=True)) == []


DROPPED: dict[str, Any] = {
    "acp": {"maxConcurrentSessions": 4},
    "agents": {"defaults": {"compaction": {"memoryFlush": {"prompt": "Write it down."}}}},
    "channels": {"defaults": {"heartbeat": {"showOk": True}}},
    "gateway": {"mode": "local", "controlUi": {"dangerouslyDisableDeviceAuth": True, "allowInsecureAuth": True}},
    "memory": {"backend": "qmd", "qmd": {"paths": []}},
    "plugins": {"installs": {"matrix": {"source": "npm", "shasum": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"}}},
}


def test_what_the_release_drops_is_refused_only_without_migrate() -> None:
    assert {problem.path for problem in judge(DROPPED, Facts(exposure="sealed"))} >= {
        "acp.maxConcurrentSessions",
        "agents.defaults.compaction.memoryFlush.prompt",
        "channels.defaults.heartbeat",
        "gateway.controlUi.dangerouslyDisableDeviceAuth",
        "memory.qmd",
        "plugins.installs",
    }
    assert judge(DROPPED, Facts(exposure="sealed", migrate=True)) == []


def test_records_of_installed_plugins_go_before_the_release_sees_them() -> None:
    kept, said = without_install_records(DROPPED, NEW)
    assert kept == {**DROPPED, "plugins": {}} and "installs" in DROPPED["plugins"]
    assert said == ["plugins.installs: is removed; openclaw_config_packages installs plugins"]
    assert without_install_records(kept, NEW) == (kept, [])
    assert without_install_records(DROPPED, OLD) == (DROPPED, [])


def test_an_older_release_still_takes_them() -> None:
    assert list(old_forms(LEGACY, OLD)) == []
    assert [show(path) for path, _remedy in old_forms({"gateway": {"bind": "0.0.0.0"}}, OLD)] == ["gateway.bind"]


@pytest.mark.parametrize("form", OLD_FORMS, ids=lambda form: form.path)
def test_every_row_finds_its_old_form(form: Any) -> None:
    kind = {"text": "x", "boolean": True, "object": {}, "list": []}[form.kinds[0]] if form.kinds else 1
    value: Any = next(iter(form.values), kind)
    for key in reversed(form.path.split(".")):
        value = [value] if key == "*" and form.path.startswith("bindings") else {"a" if key == "*" else key: value}
    told = [remedy for _path, remedy in old_forms(value, NEW)]
    assert form.remedy in told or any(other.path != form.path for other in forms_of(NEW) if other.remedy in told)
    assert form.remedy[0].isupper() and "Did you mean" not in form.remedy


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
        ("google/gemini-2.0-flash", "google/gemini-2.5-flash"),
        ("google-vertex/gemini-1.5-pro", "google-vertex/gemini-3.1-pro-preview"),
        ("google/gemini-2.5-flash", None),
        ("no model", None),
    ],
)
def test_retired_models(old: str, new: str | None) -> None:
    assert replacement(old, NEW) == new
    assert replacement(old, OLD) is None


def test_only_models_that_the_release_refuses_are_rewritten_by_hand() -> None:
    config = {"agents": {"defaults": {"model": {"primary": "openai/gpt-4o", "fallbacks": ["google/gemini-2.0-flash"]}}}}
    said = rewrite_refused(config, NEW)
    assert config["agents"]["defaults"]["model"] == {
        "primary": "openai/gpt-4o",
        "fallbacks": ["google/gemini-2.5-flash"],
    }
    assert said == ["agents.defaults.model.fallbacks[0]: google/gemini-2.0-flash is now google/gemini-2.5-flash"]
