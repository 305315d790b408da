"""The guide's config (its section 5) as inventory variables."""

from __future__ import annotations

from typing import Any

VARIABLES: dict[str, Any] = {
    "hostnames": ["my-openclaw.fly.dev"],
    "model": "anthropic/claude-opus-4-6",
    "model_fallbacks": ["anthropic/claude-sonnet-4-6", "openai/gpt-5.4"],
    "max_concurrent": 4,
    "agents": {"main": {}},
    "auth_profiles": {
        "anthropic:default": {"mode": "token", "provider": "anthropic"},
        "openai:default": {"mode": "token", "provider": "openai"},
    },
    "bindings": [{"agentId": "main", "match": {"channel": "discord"}}],
    "channels": {
        "discord": {
            "enabled": True,
            "groupPolicy": "allowlist",
            "guilds": {
                "YOUR_GUILD_ID": {"channels": {"general": {"enabled": True}}, "requireMention": False},
            },
        }
    },
    "app_addresses": ["66.241.124.230", "2a09:8280:1::4:2a1f:0"],
}

VOICE_CALL: dict[str, Any] = {
    "voice-call": {
        "enabled": True,
        "config": {
            "provider": "twilio",
            "tunnel": {"provider": "ngrok"},
            "webhookSecurity": {"allowedHosts": ["example.ngrok.app"]},
        },
    }
}

EVERYTHING: dict[str, Any] = {**VARIABLES, "plugins": VOICE_CALL, "catalog_refresh": False}
