"""Rules that the schema cannot know."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import deep_merge, gateway_config

FACTS = Facts(hostnames=("a.fly.dev",), secret_names=frozenset({"OPENCLAW_GATEWAY_TOKEN"}))
GOOD = gateway_config({"hostnames": ["a.fly.dev"]})

# Put together here so that no scanner takes this file for a leak.
ANTHROPIC = "sk-" + "ant-api03-" + "x" * 24
SLACK = "xox" + "b-123456789012-abcdefghij"
SLACK_APP = "xap" + "p-1-A0123456789-abcdef"
GITHUB = "gh" + "p_" + "a1" * 18
DISCORD = "MTQ" + "x" * 22 + "." + "Gabcde" + "." + "y" * 30
TELEGRAM = "123456789" + ":" + "A" * 35


def with_(over: dict[str, Any]) -> dict[str, Any]:
    return deep_merge(GOOD, over)


def test_a_good_config_has_no_problem() -> None:
    assert check(GOOD, FACTS) == []


@pytest.mark.parametrize(
    ("over", "path", "rule", "hint"),
    [
        ({"gateway": {"mode": "remote"}}, "gateway.mode", "gateway-mode", "gateway.mode: local"),
        ({"gateway": {"bind": "0.0.0.0"}}, "gateway.bind", "bind-alias", "Write lan"),
        ({"gateway": {"bind": "::"}}, "gateway.bind", "bind-alias", "Write lan"),
        ({"gateway": {"bind": "loopback"}}, "gateway.bind", "bind-loopback", "Write lan"),
        ({"gateway": {"port": 18789}}, "gateway.port", "gateway-port", "Write 3000"),
        (
            {"gateway": {"auth": {"token": "a" * 64}}},
            "gateway.auth.token",
            "secret-literal",
            "{source: env, provider: default, id: OPENCLAW_GATEWAY_TOKEN}",
        ),
        (
            {"channels": {"discord": {"token": DISCORD}}},
            "channels.discord.token",
            "secret-literal",
            "id: DISCORD_BOT_TOKEN}",
        ),
        (
            {"channels": {"slack": {"appToken": "plain"}}},
            "channels.slack.appToken",
            "secret-literal",
            "id: SLACK_APP_TOKEN}",
        ),
        ({"hooks": {"token": "hush"}}, "hooks.token", "secret-literal", '"${HOOKS_TOKEN}"'),
        (
            {"models": {"providers": {"openai": {"apiKey": "abc"}}}},
            "models.providers.openai.apiKey",
            "secret-literal",
            "id: OPENAI_API_KEY}",
        ),
        (
            {"env": {"vars": {"MY_API_KEY": "abc"}}},
            "env.vars.MY_API_KEY",
            "secret-literal",
            "as a Fly secret named MY_API_KEY",
        ),
        ({"logging": {"x": [ANTHROPIC]}}, "logging.x[0]", "secret-literal", "an Anthropic key"),
        ({"logging": {"x": SLACK}}, "logging.x", "secret-literal", "a Slack token"),
        ({"logging": {"x": SLACK_APP}}, "logging.x", "secret-literal", "a Slack app token"),
        ({"logging": {"x": f"Bearer {GITHUB}"}}, "logging.x", "secret-literal", "a GitHub token"),
        ({"logging": {"x": TELEGRAM}}, "logging.x", "secret-literal", "a Telegram bot token"),
        (
            {"gateway": {"auth": {"token": {"source": "env", "provider": "default", "id": "OTHER"}}}},
            "gateway.auth.token",
            "secret-missing",
            "Set a Fly secret named OTHER",
        ),
        ({"hooks": {"token": "${HOOKS_TOKEN}"}}, "hooks.token", "secret-missing", "named HOOKS_TOKEN"),
        ({"hooks": {"token": "${OPENCLAW_GATEWAY_TOKEN}"}}, "hooks.token", "hooks-token", "HOOKS_TOKEN"),
        (
            {"gateway": {"auth": {"token": "${OPENCLAW_GATEWAY_TOKEN}"}}},
            "gateway.auth.token",
            "token-substitution",
            "fails closed",
        ),
        (
            {"gateway": {"controlUi": {"allowedOrigins": ["*"]}}},
            "gateway.controlUi.allowedOrigins[0]",
            "origin-any",
            "List each origin",
        ),
        (
            {"gateway": {"controlUi": {"allowedOrigins": ["http://localhost:3000"]}}},
            "gateway.controlUi.allowedOrigins",
            "origin-missing",
            "Add https://a.fly.dev",
        ),
        (
            {"gateway": {"controlUi": {"dangerouslyDisableDeviceAuth": True}}},
            "gateway.controlUi.dangerouslyDisableDeviceAuth",
            "dangerous",
            "waive it",
        ),
        (
            {"gateway": {"controlUi": {"allowInsecureAuth": True}}},
            "gateway.controlUi.allowInsecureAuth",
            "dangerous",
            "waive it",
        ),
        ({"gateway": {"trustedProxies": []}}, "gateway.trustedProxies", "proxy-untrusted", "172.16.0.0/12"),
        (
            {"gateway": {"trustedProxies": ["172.16.0.0/12", "fly-proxy"]}},
            "gateway.trustedProxies[1]",
            "proxy-form",
            "an address or a range",
        ),
        ({"gateway": {"trustedProxies": ["0.0.0.0/0"]}}, "gateway.trustedProxies[0]", "proxy-any", "172.16.0.0/12"),
        (
            {"gateway": {"controlUi": {"allowedOrigins": ["https://a.fly.dev", "https://a.fly.dev/chat"]}}},
            "gateway.controlUi.allowedOrigins[1]",
            "origin-form",
            "without a path",
        ),
        ({"gateway": {"publicOrigin": "a.fly.dev"}}, "gateway.publicOrigin", "origin-form", "https://"),
        ({"gateway": {"publicOrigin": "http://a.fly.dev"}}, "gateway.publicOrigin", "origin-form", "https://"),
        ({"hooks": {"enabled": True}}, "hooks.token", "hooks-token", '"${HOOKS_TOKEN}"'),
        ({"gateway": {"auth": {"mode": "trusted-proxy"}}}, "gateway.auth.mode", "auth-two-ways", "Remove"),
        ({"gateway": {"auth": {"mode": "none"}}}, "gateway.auth.mode", "auth-none", "mode: token"),
    ],
)
def test_a_bad_config_is_refused_with_its_path_and_remedy(
    over: dict[str, Any], path: str, rule: str, hint: str
) -> None:
    [problem] = check(with_(over), FACTS)
    assert (problem.path, problem.rule) == (path, rule)
    assert hint in str(problem)


def test_no_problem_repeats_the_secret() -> None:
    config = with_({"channels": {"discord": {"token": DISCORD}}, "logging": {"a": [ANTHROPIC, TELEGRAM]}})
    text = " ".join(map(str, check(config, FACTS)))
    assert not any(secret in text for secret in (DISCORD, ANTHROPIC, TELEGRAM))


@pytest.mark.parametrize(
    "over",
    [
        {"agents": {"defaults": {"compaction": {"maxTokens": "8000"}}}},
        {"secrets": {"providers": {"default": {"tokenFile": "/run/x"}}}},
        {"auth": {"profiles": {"anthropic:default": {"mode": "token", "provider": "anthropic"}}}},
        {"hooks": {"token": "${OPENCLAW_HOOKS}"}},
        {"gateway": {"controlUi": {"dangerouslyAllowHostHeaderOriginFallback": False}}},
    ],
)
def test_what_only_looks_like_a_secret_passes(over: dict[str, Any]) -> None:
    facts = Facts(hostnames=("a.fly.dev",), secret_names=frozenset({"OPENCLAW_GATEWAY_TOKEN", "OPENCLAW_HOOKS"}))
    assert check(with_(over), facts) == []


def test_unknown_secrets_are_not_guessed_at() -> None:
    assert check(with_({"hooks": {"token": "${HOOKS_TOKEN}"}}), Facts(hostnames=("a.fly.dev",))) == []


def test_a_waiver_needs_a_reason_and_works_by_rule_or_path() -> None:
    path = "gateway.controlUi.dangerouslyDisableDeviceAuth"
    config = with_({"gateway": {"controlUi": {"dangerouslyDisableDeviceAuth": True}}})
    assert len(check(config, Facts(hostnames=("a.fly.dev",), waivers={path: " "}))) == 1
    assert check(config, Facts(hostnames=("a.fly.dev",), waivers={path: "demo of one hour"})) == []
    assert check(config, Facts(hostnames=("a.fly.dev",), waivers={"dangerous": "demo"})) == []


def test_a_secret_cannot_be_waived() -> None:
    config = with_({"logging": {"x": SLACK}})
    assert check(config, Facts(hostnames=("a.fly.dev",), waivers={"secret-literal": "because"}))


def test_older_releases_and_sealed_gateways_need_no_trusted_proxies() -> None:
    config = with_({"gateway": {"trustedProxies": []}})
    old = Facts(hostnames=("a.fly.dev",), release=Release.parse("2026.7.1"))
    assert check(config, old) == []
    assert check(config, Facts(exposure="sealed")) == []


def test_a_second_gateway_token_is_refused() -> None:
    names = frozenset({"OPENCLAW_GATEWAY_TOKEN", "OTHER"})
    facts = Facts(hostnames=("a.fly.dev",), secret_names=names)
    ref = {"source": "env", "provider": "default", "id": "OTHER"}
    [problem] = check(with_({"gateway": {"auth": {"token": ref}}}), facts)
    assert (problem.path, problem.rule) == ("gateway.auth.token", "token-twice")
    found = check(with_({"env": {"vars": {"OPENCLAW_GATEWAY_TOKEN": "${OTHER}"}}}), facts)
    assert [problem.path for problem in found] == ["env.vars.OPENCLAW_GATEWAY_TOKEN"]


def test_an_old_form_may_be_waived_unless_the_file_is_read_only() -> None:
    config = with_({"agents": {"defaults": {"model": {"primary": "openai/gpt-4o"}}}})
    waivers = {"moved": "a proxy serves it under this name"}
    facts = {"hostnames": ("a.fly.dev",), "waivers": waivers}
    assert check(config, Facts(**facts)) == []
    assert [problem.rule for problem in check(config, Facts(**facts, readonly=True))] == ["moved"]
