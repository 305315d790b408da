# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents of a config, in either layout, and which of them owns what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .channels import enabled
from .paths import as_json, get

_VALID_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z", re.IGNORECASE)


def agent_id(text: str) -> str:
    """An id as the release compares it: lower case, anything else a dash."""
    word = text.strip()
    if _VALID_ID.match(word):
        return word.lower()
    return re.sub(r"[^a-z0-9_-]+", "-", word.lower()).strip("-")[:64] or "main"


def agents_of(config: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """The declared agents by their id as it is written; both layouts together."""
    entries = get(config, "agents", "entries")
    found = {str(name): agent for name, agent in entries.items()} if isinstance(entries, Mapping) else {}
    listed = get(config, "agents", "list")
    for agent in listed if isinstance(listed, list) else []:
        if isinstance(agent, Mapping) and agent.get("id"):
            found.setdefault(str(agent["id"]), agent)
    return {name: agent if isinstance(agent, Mapping) else {} for name, agent in found.items()}


def marked(config: Mapping[str, object]) -> list[str]:
    """Agents with the retired marker ``default: true``."""
    return [name for name, agent in agents_of(config).items() if agent.get("default") is True]


def owned_channels(config: Mapping[str, object]) -> Iterator[str]:
    """Channels that a binding gives to an agent."""
    bindings = config.get("bindings")
    for binding in bindings if isinstance(bindings, list) else []:
        channel = get(binding, "match", "channel")
        if isinstance(channel, str) and get(binding, "agentId"):
            yield channel


def unowned_channels(config: Mapping[str, object]) -> list[str]:
    """Enabled channels that reach no agent: with several agents and no default, only a binding leads to one."""
    if len(agents_of(config)) < 2 or marked(config):
        return []
    owned = set(owned_channels(config))
    return [channel for channel in enabled(config) if channel not in owned]


def with_owners(config: Mapping[str, object], judged: object = None) -> tuple[dict[str, object], list[str]]:
    """The same roster without its default marker, and with what the marker meant written down; and a line for each.

    The marked agent owned the enabled channels that no binding gives to another, the heartbeat, the system agent and
    talk. The release writes that down itself where it can judge the config.

    :param judged: the config as the release judged it, with what it made of the marker; None if it could not.
    """
    result: dict[str, Any] = as_json(config)
    markers = marked(result)
    if not markers:
        return result, []
    owner = markers[0]
    entries = {
        name: {key: value for key, value in agent.items() if key not in ("default", "id")}
        for name, agent in agents_of(result).items()
    }
    agents = {key: value for key, value in result["agents"].items() if key not in ("list", "entries")}
    result["agents"] = {**agents, "entries": entries}
    if len(entries) < 2:
        return result, []
    said = [f"agents.ownership: is now explicit; {owner} was the default agent and keeps what no other agent owned"]
    result["agents"]["ownership"] = "explicit"
    for path in (("agents", "defaults", "systemAgent", "agentId"), ("agents", "defaults", "heartbeat", "agentId")):
        if get(result, *path) is None:
            _set(result, path, owner)
            said.append(f"{'.'.join(path)}: is now {owner}")
    if "talk" in result and get(result, "talk", "agentId") is None:
        _set(result, ("talk", "agentId"), owner)
        said.append(f"talk.agentId: is now {owner}")
    bindings = get(judged, "bindings")
    declared = result.get("bindings")
    before: list[object] = declared if isinstance(declared, list) else []
    if not isinstance(bindings, list):
        owned = set(owned_channels(result))
        bindings = [*before, *({"agentId": owner, "match": {"channel": c}} for c in enabled(result) if c not in owned)]
    if bindings != before:
        result["bindings"] = as_json(bindings)
        added = [get(each, "match", "channel") for each in bindings if each not in before]
        said.append(f"bindings: {owner} now has {', '.join(map(str, added))}")
    return result, said


def _set(config: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    node = config
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value
