"""Configs that keep a gateway from starting, from serving, or from serving only whom it should.

From real threads (the shapes that people post) and by mutation of the guide's config: what is merged over it, the
path that is to be told, and a word of the remedy.
"""

from __future__ import annotations

from typing import Any

LITERAL = "canary-1f2e3d4c5b6a79881726354453627180"

BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "a section misspelt": ({"gatway": {}}, "gatway", "'gateway'"),
    "a key of nobody's": ({"gateway": {"bogusKey": 1}}, "gateway.bogusKey", "allowed here"),
    "the old guide's switch of a discord channel": (
        {"channels": {"discord": {"guilds": {"1": {"channels": {"general": {"allow": True}}}}}}},
        "channels.discord.guilds.1.channels.general.allow",
        "Write enabled instead",
    ),
    "the old guide's list of agents": ({"agents": {"list": [{"id": "main"}]}}, "agents.list", "agents.entries"),
    "the old guide's default agent": (
        {"agents": {"entries": {"main": {"default": True}}}},
        "agents.entries.main.default",
        "Remove it",
    ),
    "the old guide's meta": ({"meta": {"lastTouchedAt": "2026-02-01"}}, "meta.lastTouchedAt", "Remove it"),
    "an address to bind to": ({"gateway": {"bind": "0.0.0.0"}}, "gateway.bind", "lan"),
    "a bind that the proxy does not reach": ({"gateway": {"bind": "loopback"}}, "gateway.bind", "lan"),
    "a bind of nobody's": ({"gateway": {"bind": "everywhere"}}, "gateway.bind", "lan"),
    "no mode": ({"gateway": {"mode": None}}, "gateway.mode", "gateway.mode: local"),
    "a mode that starts no gateway": ({"gateway": {"mode": "remote"}}, "gateway.mode", "gateway.mode: local"),
    "a port that the process does not take": ({"gateway": {"port": 18789}}, "gateway.port", "3000"),
    "a port in quotes": ({"gateway": {"port": "3000"}}, "gateway.port", "3000"),
    "the token itself": ({"gateway": {"auth": {"token": LITERAL}}}, "gateway.auth.token", "OPENCLAW_GATEWAY_TOKEN"),
    "a token that may be random": (
        {"gateway": {"auth": {"token": "${OPENCLAW_GATEWAY_TOKEN}"}}},
        "gateway.auth.token",
        "source: env",
    ),
    "no authentication": ({"gateway": {"auth": {"mode": "none"}}}, "gateway.auth.mode", "mode: token"),
    "two ways to log in": ({"gateway": {"auth": {"mode": "trusted-proxy"}}}, "gateway.auth.mode", "mode: token"),
    "a mode of logging in that there is not": ({"gateway": {"auth": {"mode": "basic"}}}, "gateway.auth.mode", "token"),
    "a limit in words": (
        {"gateway": {"auth": {"rateLimit": {"maxAttempts": "ten"}}}},
        "gateway.auth.rateLimit.maxAttempts",
        "number",
    ),
    "hooks without a token": ({"hooks": {"enabled": True}}, "hooks.token", "HOOKS_TOKEN"),
    "hooks with the gateway's token": (
        {"hooks": {"enabled": True, "token": "${OPENCLAW_GATEWAY_TOKEN}"}},
        "hooks.token",
        "HOOKS_TOKEN",
    ),
    "hooks with a token written out": (
        {"hooks": {"enabled": True, "token": LITERAL}},
        "hooks.token",
        "Set the Fly secret HOOKS_TOKEN",
    ),
    "any website": (
        {"gateway": {"controlUi": {"allowedOrigins": ["*"]}}},
        "gateway.controlUi.allowedOrigins[0]",
        "List each origin",
    ),
    "another website than its own": (
        {"gateway": {"controlUi": {"allowedOrigins": ["https://other.example"]}}},
        "gateway.controlUi.allowedOrigins",
        "Add https://",
    ),
    "an origin with a path": (
        {"gateway": {"controlUi": {"allowedOrigins": ["https://a.example/chat"]}}},
        "gateway.controlUi.allowedOrigins[0]",
        "without a path",
    ),
    "a public origin in the clear": (
        {"gateway": {"publicOrigin": "http://a.example"}},
        "gateway.publicOrigin",
        "https://",
    ),
    "origins from the Host header": (
        {"gateway": {"controlUi": {"dangerouslyAllowHostHeaderOriginFallback": True}}},
        "gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback",
        "Remove it",
    ),
    "no device authentication": (
        {"gateway": {"controlUi": {"dangerouslyDisableDeviceAuth": True}}},
        "gateway.controlUi.dangerouslyDisableDeviceAuth",
        "Remove it",
    ),
    "login in the clear": (
        {"gateway": {"controlUi": {"allowInsecureAuth": True}}},
        "gateway.controlUi.allowInsecureAuth",
        "Remove it",
    ),
    "no proxy trusted": ({"gateway": {"trustedProxies": []}}, "gateway.trustedProxies", "172.16.0.0/12"),
    "a proxy by name": (
        {"gateway": {"trustedProxies": ["fly-proxy"]}},
        "gateway.trustedProxies[0]",
        "172.16.0.0/12",
    ),
    "everybody a proxy": ({"gateway": {"trustedProxies": ["0.0.0.0/0"]}}, "gateway.trustedProxies[0]", "172.16.0.0/12"),
    "a reload mode that is retired": ({"gateway": {"reload": {"mode": "restart"}}}, "gateway.reload.mode", "hybrid"),
    "a channel misspelt": ({"channels": {"discrod": {"enabled": True}}}, "channels.discrod", "'discord'"),
    "a policy that there is not": (
        {"channels": {"discord": {"dmPolicy": "friends"}}},
        "channels.discord.dmPolicy",
        "pairing",
    ),
    "a bot's token written out": (
        {"channels": {"discord": {"token": LITERAL}}},
        "channels.discord.token",
        "DISCORD_BOT_TOKEN",
    ),
    "a slack token under any key": (
        {"channels": {"slack": {"botToken": "xoxb-1234567890-canary"}}},
        "channels.slack.botToken",
        "SLACK_BOT_TOKEN",
    ),
    "a provider's key in env": (
        {"env": {"vars": {"ANTHROPIC_API_KEY": LITERAL}}},
        "env.vars.ANTHROPIC_API_KEY",
        "Fly secret named ANTHROPIC_API_KEY",
    ),
    "a number in words": (
        {"agents": {"defaults": {"maxConcurrent": "four"}}},
        "agents.defaults.maxConcurrent",
        "number",
    ),
    "a model that is retired": (
        {"agents": {"defaults": {"model": {"primary": "openai/gpt-4o"}}}},
        "agents.defaults.model.primary",
        "openai/gpt-5.5",
    ),
    "agents as a list": ({"agents": {"entries": ["main"]}}, "agents.entries", "must be an object"),
    "a binding to nothing": ({"bindings": [{"agentId": "main", "match": {}}]}, "bindings[0].match", "channel"),
    "routing of another age": ({"routing": {"allowFrom": ["1"]}}, "routing.allowFrom", "channels.whatsapp.allowFrom"),
    "a session key that moved": (
        {"session": {"typingMode": "never"}},
        "session.typingMode",
        "agents.defaults.typingMode",
    ),
    "a level that there is not": ({"logging": {"level": "loud"}}, "logging.level", "info"),
}
