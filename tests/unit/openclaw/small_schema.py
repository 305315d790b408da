"""A schema in the manner of ``openclaw config schema``, with each of its peculiarities once."""

from __future__ import annotations

from typing import Any


def _strict(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def _const(*words: str) -> dict[str, Any]:
    return {"anyOf": [{"type": "string", "const": word} for word in words]}


TEXT = {"type": "string"}
REF = {
    "oneOf": [
        _strict(
            {"source": {"const": source, **TEXT}, "provider": TEXT, "id": {"pattern": pattern, **TEXT}},
            required=["source", "provider", "id"],
        )
        for source, pattern in (("env", "^[A-Z][A-Z0-9_]*$"), ("file", ".+"))
    ]
}
GUILD = _strict(
    {
        "requireMention": {"type": "boolean"},
        "channels": {"type": "object", "additionalProperties": _strict({"enabled": {"type": "boolean"}})},
    }
)

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "OpenClawConfig",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "meta": _strict({"lastTouchedVersion": TEXT}),
        "agents": _strict(
            {
                "entries": {
                    "type": "object",
                    "propertyNames": {"type": "string", "pattern": "^[a-z0-9_-]+$"},
                    "additionalProperties": _strict({"model": {"anyOf": [TEXT, _strict({"primary": TEXT})]}}),
                },
            }
        ),
        "channels": {
            "type": "object",
            "additionalProperties": True,
            "properties": {
                "discord": _strict(
                    {
                        "enabled": {"type": "boolean"},
                        "dmPolicy": {"default": "pairing", **_const("pairing", "open")},
                        "guilds": {"type": "object", "additionalProperties": GUILD},
                    },
                    required=["dmPolicy"],
                ),
                "feishu": _strict({"sticker": {"type": "string", "pattern": "^[^\\p{Cs}]+$"}}),
            },
        },
        "gateway": _strict(
            {
                "port": {"type": "integer", "minimum": 1, "maximum": 65535, "title": "Port"},
                "bind": _const("auto", "lan", "loopback"),
                "reload": _strict({"mode": _const("off", "hybrid")}),
                "auth": _strict({"token": {"anyOf": [TEXT, REF]}}),
            }
        ),
        "plugins": _strict(
            {
                "entries": {
                    "type": "object",
                    "additionalProperties": _strict({"enabled": {"type": "boolean"}, "config": {}}),
                    "properties": {
                        "imap": _strict(
                            {
                                "config": {
                                    "$schema": "http://json-schema.org/draft-07/schema#",
                                    "$defs": {"account": _strict({"host": TEXT}, required=["host"])},
                                    "type": "object",
                                    "properties": {
                                        "accounts": {
                                            "type": "object",
                                            "additionalProperties": {"$ref": "#/$defs/account"},
                                        }
                                    },
                                }
                            }
                        )
                    },
                }
            }
        ),
    },
}
