"""A small part of the release's migration of old configs, for a program that asks for it through `node -e`.

The config comes as base64 of gzip on stdin, and what became of it goes the same way to stdout, behind `migrated:`.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from typing import Any

MODELS = {"openai/gpt-4o": "openai/gpt-5.5", "anthropic/claude-sonnet-4-5": "anthropic/claude-sonnet-4-6"}


def run() -> int:
    config = json.loads(gzip.decompress(base64.b64decode(sys.stdin.read())))
    changes: list[str] = []
    result = migrate(config, changes)
    told = {"config": result if changes else None, "judged": None, "changes": changes}
    packed = base64.b64encode(gzip.compress(json.dumps(told).encode(), mtime=0)).decode()
    print(f"\nmigrated:{packed}")
    return 0


def migrate(config: dict[str, Any], changes: list[str]) -> dict[str, Any]:
    """The config with agents.list keyed, session.typingMode moved and some retired models replaced."""
    agents = config.get("agents", {})
    if isinstance(agents.get("list"), list):
        listed = agents.pop("list")
        agents["entries"] = {each.pop("id"): each for each in listed}
        changes.append("Moved agents.list → keyed agents.entries.")
    session = config.get("session", {})
    if "typingMode" in session:
        agents.setdefault("defaults", {})["typingMode"] = session.pop("typingMode")
        config["agents"] = agents
        if not session:
            del config["session"]
        changes.append("Moved session.typingMode → agents.defaults.typingMode.")
    model = agents.get("defaults", {}).get("model", {})
    if isinstance(model, dict) and model.get("primary") in MODELS:
        changes.append(f"Upgraded {model['primary']} → {MODELS[model['primary']]}.")
        model["primary"] = MODELS[model["primary"]]
    return config
