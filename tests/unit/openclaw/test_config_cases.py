"""Configs that real use brought: advice that the release accepts, and what starts and yet cannot serve."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_schema import prepare, validate
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.problems import Problem
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import gateway_config
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.secret_refs import takes_reference

NAMES = frozenset({"OPENCLAW_GATEWAY_TOKEN"})
NEW = Release.parse("2026.9.6")


def found(extra: dict[str, Any], **facts: Any) -> dict[str, Problem]:
    config = gateway_config({"hostnames": ["my-openclaw.fly.dev"], "extra": extra})
    told = {"hostnames": ("my-openclaw.fly.dev",), **facts}
    return {problem.path: problem for problem in check(config, Facts(**told))}


def test_each_secret_is_referred_to_in_the_form_that_its_place_takes() -> None:
    """Case 15."""
    problems = found(
        {
            "mcp": {
                "servers": {
                    "notes": {
                        "url": "https://mcp.example.com/mcp",
                        "headers": {"Authorization": "Bearer 00112233445566778899aabbccddeeff"},
                    },
                    "forge": {
                        "command": "npx",
                        "args": ["-y", "forge-mcp@1.0.0", "--api-key", "a1B2c3D4e5F6a1B2c3D4e5F6"],
                        "env": {"GITHUB_TOKEN": "gh" + "p_" + "a1" * 18},
                    },
                }
            },
            "hooks": {"enabled": True, "token": {"source": "env", "provider": "default", "id": "HOOKS_TOKEN"}},
            "env": {"vars": {"BRAVE_API_KEY": "a1B2c3D4e5F6a1B2c3D4e5F6"}},
            "skills": {"entries": {"search": {"apiKey": "a1B2c3D4e5F6a1B2c3D4e5F6"}}},
        }
    )
    told = {path: str(problem.suggestion) for path, problem in problems.items()}
    assert told.keys() == {
        "mcp.servers.notes.headers.Authorization",
        "mcp.servers.forge.args[3]",
        "mcp.servers.forge.env.GITHUB_TOKEN",
        "hooks.token",
        "env.vars.BRAVE_API_KEY",
        "skills.entries.search.apiKey",
    }
    assert 'write "Bearer ${NOTES_TOKEN}"' in told["mcp.servers.notes.headers.Authorization"]
    assert told["mcp.servers.forge.env.GITHUB_TOKEN"].endswith('GITHUB_TOKEN and write "${GITHUB_TOKEN}"')
    assert "source: env" not in told["mcp.servers.forge.args[3]"] and "${" in told["mcp.servers.forge.args[3]"]
    assert told["hooks.token"].startswith('Write "${HOOKS_TOKEN}"')
    assert told["env.vars.BRAVE_API_KEY"] == "Remove it here and set it as a Fly secret named BRAVE_API_KEY"
    assert "{source: env, provider: default, id: " in told["skills.entries.search.apiKey"]


def test_two_secrets_never_get_one_name() -> None:
    token = "a1B2c3D4e5F6a1B2c3D4e5F6"
    account = {"accounts": {"default": {"botToken": token}}}
    providers = {name: {"apiKey": token} for name in ("openai", "xai")}
    problems = found({"channels": {"telegram": account, "slack": account}, "models": {"providers": providers}})
    named = [str(p.suggestion).split()[4] for p in problems.values() if p.rule == "secret-literal"]
    assert len(named) == 4
    assert len(set(named)) == 4


def test_where_a_reference_may_stand() -> None:
    assert takes_reference(("channels", "slack", "accounts", "work", "botToken"), NEW)
    assert takes_reference(("models", "providers", "openai", "request", "headers", "X-Key"), NEW)
    assert not takes_reference(("channels", "msteams", "accounts", "work", "appPassword"), NEW)
    assert not takes_reference(("mcp", "servers", "a", "env", "B"), NEW)


def test_tailscale_beside_lan_points_to_the_tunnels() -> None:
    """Case 14."""
    for mode in ("serve", "funnel"):
        problems = found({"gateway": {"tailscale": {"mode": mode}}})
        assert "fly_app_tunnels" in str(problems["gateway.tailscale.mode"])


def test_a_webhook_that_nothing_leads_to() -> None:
    """Case 19."""
    block = {
        "enabled": True,
        "webhookUrl": "https://my-openclaw.fly.dev/telegram-webhook",
        "webhookSecret": "${A_SECRET}",
    }
    [problem] = found({"channels": {"telegram": block}}).values()
    assert (problem.path, problem.rule) == ("channels.telegram.webhookUrl", "webhook-unreachable")
    assert "8787" in problem.message and "3000" in problem.message and "Leave webhookUrl out" in str(problem)
    assert found({"channels": {"telegram": block}}, waivers={"webhook-unreachable": "a second service"}) == {}
    other = {**block, "webhookUrl": "https://hooks.example.com/telegram"}
    assert found({"channels": {"telegram": other}}) == {}


@pytest.mark.parametrize(
    ("agents", "names", "expected"),
    [
        ({"defaults": {"model": {"primary": "anthropic/claude-opus-4-7"}}}, (), "agents.defaults.model.primary"),
        ({"defaults": {"model": "openai/gpt-5.5"}}, ("ANTHROPIC_API_KEY",), "agents.defaults.model"),
        ({"entries": {"work": {"model": "xai/grok-4.7"}}, "ownership": "explicit"}, (), "agents.entries.work.model"),
        ({"defaults": {"model": "claude-opus-4-7"}}, (), "agents.defaults.model"),
        ({"defaults": {"model": "opus"}}, (), None),
        ({"defaults": {"model": "anthropic/claude-opus-4-7"}}, ("ANTHROPIC_OAUTH_TOKEN",), None),
        ({"defaults": {"model": "groq/some-model"}}, (), None),
        ({}, (), None),
    ],
)
def test_a_model_without_its_providers_key(
    agents: dict[str, Any], names: tuple[str, ...], expected: str | None
) -> None:
    problems = found({"agents": agents}, secret_names=NAMES | set(names))
    assert list(problems) == ([expected] if expected else [])
    waivers = {"model-key": "logged in by hand", "model-form": "an alias"}
    assert found({"agents": agents}, secret_names=NAMES | set(names), waivers=waivers) == {}


def test_two_secrets_with_one_value() -> None:
    values = {
        "TELEGRAM_BOT_TOKEN": "a" * 40,
        "HOOKS_TOKEN": "a" * 40,
        "GEMINI_API_KEY": "b" * 40,
        "GOOGLE_API_KEY": "b" * 40,
    }
    [problem] = found({}, secrets={**values, "ON": "1", "ALSO_ON": "1"}).values()
    assert (problem.path, problem.rule) == ("HOOKS_TOKEN", "secret-twice")
    assert "aaaa" not in str(problem)


def test_no_guess_opens_something() -> None:
    block = {"type": "object", "additionalProperties": False, "properties": {"allowBots": {}, "enabled": {}}}
    schema = prepare({"type": "object", "additionalProperties": False, "properties": {"a": block}}, NEW)
    told = {p.path: p.suggestion for p in validate({"a": {"allow": 1, "allowBot": 1, "enabeld": 1}}, schema)}
    assert told == {
        "a.allow": None,
        "a.allowBot": "Did you mean 'allowBots'?",
        "a.enabeld": "Did you mean 'enabled'?",
    }
