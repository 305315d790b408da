"""Small configs that both judges are asked about: ours, and the release's own."""

from __future__ import annotations

from typing import Any

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.old_form_table import OLD_FORMS, OldForm

TWO: dict[str, Any] = {"ownership": "explicit", "entries": {"main": {}, "work": {}}}
REF = {"source": "env", "provider": "default", "id": "SOME_TOKEN"}
TELEGRAM = {"enabled": True, "dmPolicy": "allowlist", "allowFrom": ["42"]}

OWN: dict[str, dict[str, Any]] = {
    # Rosters.
    "nothing": {},
    "one agent": {"agents": {"entries": {"main": {}}}},
    "one marked agent": {"agents": {"entries": {"main": {"default": True}}}},
    "two agents owned": {"agents": TWO},
    "two agents without ownership": {"agents": {"entries": {"main": {}, "work": {}}}},
    "two agents, one marked": {"agents": {"entries": {"main": {"default": True}, "work": {}}}},
    "two agents, both marked": {"agents": {"entries": {"main": {"default": True}, "work": {"default": True}}}},
    "marker beside ownership": {"agents": {"ownership": "explicit", "entries": {"main": {"default": True}, "b": {}}}},
    "marker beside ownership, one agent": {"agents": {"ownership": "explicit", "entries": {"main": {"default": True}}}},
    "no agent": {"agents": {"entries": {}}},
    "ids that are one": {"agents": {"ownership": "explicit", "entries": {"Work": {}, "work": {}}}},
    "id with a blank": {"agents": {"entries": {"my agent": {}}}},
    "ownership of another kind": {"agents": {"ownership": "shared", "entries": {"main": {}}}},
    "a list, one marked": {"agents": {"list": [{"id": "main", "default": True}, {"id": "work"}]}},
    "a list, none marked": {"agents": {"list": [{"id": "main"}, {"id": "work"}]}},
    "a list of one": {"agents": {"list": [{"id": "main"}]}},
    "shared folder of two agents": {
        "agents": {"ownership": "explicit", "entries": {"a": {"agentDir": "/data/x"}, "b": {"agentDir": "/data/x"}}}
    },
    # What names an agent.
    "binding to an agent": {"agents": TWO, "bindings": [{"agentId": "work", "match": {"channel": "telegram"}}]},
    "binding in capitals": {"agents": TWO, "bindings": [{"agentId": "WORK", "match": {"channel": "telegram"}}]},
    "binding to nobody": {"agents": TWO, "bindings": [{"agentId": "sales", "match": {"channel": "telegram"}}]},
    "binding to main without main": {
        "agents": {"entries": {"work": {}}}, "bindings": [{"agentId": "main", "match": {"channel": "telegram"}}]
    },
    "binding to nobody without a roster": {"bindings": [{"agentId": "sales", "match": {"channel": "telegram"}}]},
    "binding to nobody in a list": {
        "agents": {"list": [{"id": "main"}]}, "bindings": [{"agentId": "x", "match": {"channel": "telegram"}}]
    },
    "binding without a channel": {"agents": TWO, "bindings": [{"agentId": "work", "match": {}}]},
    "binding without an agent": {"agents": TWO, "bindings": [{"match": {"channel": "telegram"}}]},
    "ACP binding without a peer": {
        "agents": TWO, "bindings": [{"type": "acp", "agentId": "work", "match": {"channel": "telegram"}}]
    },
    "ACP binding with a peer": {
        "agents": TWO,
        "bindings": [
            {"type": "acp", "agentId": "work", "match": {"channel": "telegram", "peer": {"kind": "direct", "id": "1"}}}
        ],
    },
    "heartbeat of an agent": {"agents": {**TWO, "defaults": {"heartbeat": {"agentId": "work"}}}},
    "heartbeat of nobody": {"agents": {**TWO, "defaults": {"heartbeat": {"agentId": "sales"}}}},
    "system agent is nobody": {"agents": {**TWO, "defaults": {"systemAgent": {"agentId": "sales"}}}},
    "system agent without a roster": {
        "agents": {"entries": {"main": {}}, "defaults": {"systemAgent": {"agentId": "x"}}}
    },
    "talk to nobody": {"agents": TWO, "talk": {"agentId": "sales"}},
    "talk to main without a roster": {"talk": {"agentId": "main"}},
    "broadcast to agents": {"agents": TWO, "broadcast": {"telegram:1": ["main", "work"]}},
    "broadcast to nobody": {"agents": TWO, "broadcast": {"telegram:1": ["main", "sales"]}},
    "broadcast group of nobody": {"agents": TWO, "broadcast": {"telegram:1": {"agents": ["sales"]}}},
    "channel without an agent": {"agents": TWO, "channels": {"telegram": TELEGRAM}},
    "channel with an agent": {
        "agents": TWO,
        "channels": {"telegram": TELEGRAM},
        "bindings": [{"agentId": "work", "match": {"channel": "telegram"}}],
    },
    "channel of the only agent": {"channels": {"telegram": TELEGRAM}},
    # The gateway.
    "bind lan": {"gateway": {"bind": "lan"}},
    "bind by address": {"gateway": {"bind": "0.0.0.0"}},
    "bind by a wrong word": {"gateway": {"bind": "everywhere"}},
    "serve on lan": {"gateway": {"bind": "lan", "tailscale": {"mode": "serve"}}},
    "funnel on lan": {"gateway": {"bind": "lan", "tailscale": {"mode": "funnel"}}},
    "serve on loopback": {"gateway": {"bind": "loopback", "tailscale": {"mode": "serve"}}},
    "serve without bind": {"gateway": {"tailscale": {"mode": "serve"}}},
    "serve on a custom loopback": {
        "gateway": {"bind": "custom", "customBindHost": "127.0.0.2", "tailscale": {"mode": "serve"}}
    },
    "serve on a custom address": {
        "gateway": {"bind": "custom", "customBindHost": "10.0.0.1", "tailscale": {"mode": "serve"}}
    },
    "serve without auth": {"gateway": {"auth": {"mode": "none"}, "tailscale": {"mode": "serve"}}},
    "tailscale off on lan": {"gateway": {"bind": "lan", "tailscale": {"mode": "off"}}},
    "port as text": {"gateway": {"port": "3000"}},
    "port 0": {"gateway": {"port": 0}},
    "port 70000": {"gateway": {"port": 70000}},
    "an unknown key of the gateway": {"gateway": {"bindd": "lan"}},
    "an unknown section": {"gatewai": {}},
    "an origin with a path": {"gateway": {"publicOrigin": "https://a.example.com/x"}},
    "an origin over http": {"gateway": {"publicOrigin": "http://a.example.com"}},
    "a good origin": {"gateway": {"publicOrigin": "https://a.example.com"}},
    "roles with their default": {
        "gateway": {"roles": {"default": "reader", "definitions": {"reader": {"agents": "*", "capabilities": []}}}}
    },
    "roles without their default": {
        "gateway": {"roles": {"default": "x", "definitions": {"reader": {"agents": "*", "capabilities": []}}}}
    },
    "trusted proxies": {"gateway": {"trustedProxies": ["172.16.0.0/12"]}},
    "trusted proxies as text": {"gateway": {"trustedProxies": "172.16.0.0/12"}},
    "a tls section": {"gateway": {"tls": {"enabled": True, "certPath": " "}}},
    "a reload mode": {"gateway": {"reload": {"mode": "hybrid"}}},
    # Secrets.
    "token as a reference": {"gateway": {"auth": {"mode": "token", "token": REF}}},
    "token reference with a wrong name": {"gateway": {"auth": {"token": {**REF, "id": "some token"}}}},
    "token reference without a provider": {"gateway": {"auth": {"token": {"source": "env", "id": "SOME_TOKEN"}}}},
    "hooks token as a reference": {"hooks": {"enabled": True, "token": REF}},
    "hooks token as text": {"hooks": {"enabled": True, "token": "${SOME_TOKEN}"}},
    "hooks without a token": {"hooks": {"enabled": True}},
    "hooks off without a token": {"hooks": {"enabled": False}},
    "persistent hook without a session": {
        "hooks": {"token": "${SOME_TOKEN}", "mappings": [{"match": {"path": "a"}, "sessionMode": "persistent"}]}
    },
    "persistent hook with a session": {
        "hooks": {
            "token": "${SOME_TOKEN}",
            "mappings": [{"match": {"path": "a"}, "sessionMode": "persistent", "sessionKey": "hook:a"}],
        }
    },
    "mcp env as a reference": {"mcp": {"servers": {"a": {"command": "npx", "env": {"A_TOKEN": REF}}}}},
    "mcp env as text": {"mcp": {"servers": {"a": {"command": "npx", "env": {"A_TOKEN": "${SOME_TOKEN}"}}}}},
    "mcp header as a reference": {
        "mcp": {"servers": {"a": {"url": "https://mcp.example.com", "headers": {"Authorization": REF}}}}
    },
    "mcp header as text": {
        "mcp": {"servers": {"a": {"url": "https://mcp.example.com", "headers": {"Authorization": "Bearer ${A_TOKEN}"}}}}
    },
    "skill key as a reference": {"skills": {"entries": {"a": {"apiKey": REF}}}},
    "skill env as a reference": {"skills": {"entries": {"a": {"env": {"A_TOKEN": REF}}}}},
    "telegram token as a reference": {"channels": {"telegram": {**TELEGRAM, "botToken": REF}}},
    "provider key as a reference": {"models": {"providers": {"openai": {"apiKey": REF}}}},
    "cron webhook token as a reference": {"cron": {"webhookToken": REF}},
    # Models and tools.
    "a bundled provider alone": {"models": {"providers": {"openai": {"timeoutSeconds": 60}}}},
    "a custom provider without its address": {"models": {"providers": {"mine": {"models": []}}}},
    "a custom provider without models": {"models": {"providers": {"mine": {"baseUrl": "https://llm.example.com"}}}},
    "a custom provider": {
        "models": {"providers": {"mine": {"baseUrl": "https://llm.example", "api": "openai-completions", "models": []}}}
    },
    "a retired model that is rewritten": {"agents": {"entries": {"main": {}}, "defaults": {"model": "openai/gpt-4o"}}},
    "a retired model that is refused": {
        "agents": {"entries": {"main": {}}, "defaults": {"model": {"primary": "google/gemini-2.0-flash"}}}
    },
    "an unknown model": {"agents": {"entries": {"main": {}}, "defaults": {"model": {"primary": "openai/gpt-99"}}}},
    "allow beside alsoAllow": {"tools": {"allow": ["read"], "alsoAllow": ["write"]}},
    "allow beside alsoAllow of an agent": {
        "agents": {"entries": {"main": {"tools": {"allow": ["read"], "alsoAllow": ["write"]}}}}
    },
    "allow alone": {"tools": {"allow": ["read"]}},
    "allow beside an empty alsoAllow": {"tools": {"allow": ["read"], "alsoAllow": []}},
    "exec mode beside security": {"tools": {"exec": {"mode": "ask", "security": "allowlist"}}},
    "exec mode alone": {"tools": {"exec": {"mode": "ask"}}},
    "exec security and ask": {"tools": {"exec": {"security": "allowlist", "ask": "on-miss"}}},
    "an unknown search provider": {"tools": {"web": {"search": {"provider": "altavista"}}}},
    "talk provider": {"talk": {"provider": "a", "providers": {"a": {}}}},
    "talk provider that is missing": {"talk": {"provider": "x", "providers": {"a": {}}}},
    "talk with two providers and no choice": {"talk": {"providers": {"a": {}, "b": {}}}},
    "talk realtime without a choice": {"talk": {"realtime": {"providers": {"a": {}, "b": {}}}}},
    # Times.
    "heartbeat every 30m": {"agents": {"entries": {"main": {}}, "defaults": {"heartbeat": {"every": "30m"}}}},
    "heartbeat every so often": {"agents": {"entries": {"main": {}}, "defaults": {"heartbeat": {"every": "often"}}}},
    "heartbeat of an agent every so often": {"agents": {"entries": {"main": {"heartbeat": {"every": "often"}}}}},
    "active hours": {
        "agents": {"entries": {"main": {"heartbeat": {"activeHours": {"start": "08:00", "end": "24:00"}}}}}
    },
    "active hours with words": {"agents": {"entries": {"main": {"heartbeat": {"activeHours": {"start": "8am"}}}}}},
    "cron retention": {"cron": {"sessionRetention": "24h"}},
    "cron retention without a number": {"cron": {"sessionRetention": "a day"}},
    "heartbeat to an unknown channel": {
        "agents": {"entries": {"main": {}}, "defaults": {"heartbeat": {"target": "fax"}}}
    },
    # Channels.
    "an unknown channel": {"channels": {"telegran": {"enabled": True}}},
    "an unknown key of a channel": {"channels": {"telegram": {**TELEGRAM, "tokn": "x"}}},
    "dm policy of another kind": {"channels": {"telegram": {"enabled": True, "dmPolicy": "friends"}}},
    "open without a wildcard": {"channels": {"telegram": {"enabled": True, "dmPolicy": "open", "allowFrom": ["42"]}}},
    "a list where an object belongs": {"channels": []},
    "an include": {"$include": "./other.json5"},
    "a schema line": {"$schema": "https://example.com/schema.json"},
    "cross-provider sends off": {"tools": {"message": {"crossContext": {"allowAcrossProviders": False}}}},
}  # fmt: skip


def sample(form: OldForm) -> dict[str, Any]:
    """A config that holds just this old form, as somebody may have written it."""
    value: Any = _VALUES.get(form.path, next(iter(form.values), None))
    if value is None:
        value = {"text": "partial", "boolean": True, "object": {"apiKey": "${SOME_TOKEN}"}}[
            (form.kinds or ("boolean",))[0]
        ]
    for key in reversed(form.path.split(".")):
        if key == "*" and form.path.startswith("bindings"):
            value = [value]
        else:
            value = {"main" if key == "*" and "agents.entries" in form.path else "a" if key == "*" else key: value}
    result: dict[str, Any] = value
    if form.path.startswith("channels.*"):
        result["channels"]["discord"] = result["channels"].pop("a")
    if form.path.startswith("bindings"):
        result["bindings"][0] |= {"agentId": "main"}
        result["bindings"][0]["match"] |= {"channel": "telegram"}
        result["bindings"][0]["match"]["peer"] |= {"id": "1"}
    return result


_VALUES: dict[str, Any] = {
    "agents.list": [{"id": "main"}],
    "defaultModel": "openai/gpt-5.5",
    "multiAgent": {"enabled": True},
    "heartbeat": {"every": "30m"},
    "env.*": "x",
    "session.idleMinutes": 60,
    "session.typingMode": "never",
    "routing.allowFrom": ["42"],
    "meta.lastTouchedAt": "2026-02-01T00:00:00Z",
    "tools.web.search.apiKey": "${SOME_TOKEN}",
    "tools.web.x_search.apiKey": "${SOME_TOKEN}",
    "mcp.servers.*.timeout": 5,
    "mcp.servers.*.connectTimeout": 5,
    "mcp.servers.*.connect_timeout": 5,
    "mcp.servers.*.workingDirectory": "/tmp",
    "messages.messagePrefix": "x",
    "gateway.nodes.denyCommands": ["camera.snap"],
    "gateway.nodes.allowCommands": ["camera.snap"],
    "ui.assistant": {"name": "Bot"},
    "hooks.internal.handlers": [],
    "session.maintenance.pruneDays": 5,
    "tools.exec.timeoutSec": 5,
}

CONFIGS: dict[str, dict[str, Any]] = {**OWN, **{f"old form {form.path}": sample(form) for form in OLD_FORMS}}

DIFFERENCES: dict[str, str] = {
    # Ours refuses, the release does not.
    "one marked agent": "valid, but the marker is retired and only waits to be removed",
    "two agents, one marked": "valid, but the release rewrites the file at its next start",
    "a list, one marked": "valid, but the release rewrites the file at its next start",
    "a list of one": "valid, but the release rewrites the file at its next start",
    "a retired model that is rewritten": "valid, but the release rewrites the file at its next start",
    "channel without an agent": "starts, and drops every message of the channel",
    "hooks without a token": "valid, and yet the gateway ends with an error at its start",
    # The release refuses, ours does not: what depends on files, plugins or the catalogue is left to it.
    "an include": "depends on a file in the machine",
    "an unknown search provider": "depends on the plugins that are installed",
    "heartbeat to an unknown channel": "depends on the plugins that are installed",
    "a tls section": "a blank path is left to the release",
}
"""Where the two judges differ, with the reason."""
