# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for agents: one roster, and everything that names an agent names one of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from .paths import get
from .problems import Problem
from .releases import OWNERSHIP_SINCE, since
from .roster import agent_id, agents_of, marked, unowned_channels
from .rule import Facts, rule

_TARGETS = (
    ("agents", "defaults", "heartbeat", "agentId"),
    ("agents", "defaults", "systemAgent", "agentId"),
    ("talk", "agentId"),
)


@rule("agent-roster", fatal=True)
def roster_is_one(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    if not since(facts.release, OWNERSHIP_SINCE):
        return
    agents, markers = agents_of(config), marked(config)
    ownership = get(config, "agents", "ownership")
    entries = get(config, "agents", "entries")
    first: dict[str, str] = {}
    for name in agents:
        other = first.setdefault(agent_id(name), name)
        if other != name:
            yield Problem(
                f"agents.entries.{name}",
                f"is the same agent as {other}: ids are compared in lower case",
                suggestion="Rename one of them",
                rule="agent-roster",
            )
    if len(markers) > 1 and isinstance(entries, Mapping):
        yield Problem(
            "agents.entries",
            f"marks {len(markers)} agents as default ({', '.join(markers)})",
            suggestion="Remove the markers; bindings choose the agent",
            rule="agent-roster",
        )
    if ownership == "explicit" and markers:
        yield Problem(
            "agents.ownership",
            f"is explicit, which does not go together with the default marker of {markers[0]}",
            suggestion="Remove the marker, and write a binding for each channel",
            rule="agent-roster",
        )
    if isinstance(entries, Mapping) and len(agents) > 1 and not markers and ownership != "explicit":
        yield Problem(
            "agents.ownership",
            "is missing although there are several agents: the release refuses such a roster",
            suggestion="Write agents.ownership: explicit, and a binding for each channel",
            rule="agent-roster",
        )


@rule("agent-folder", fatal=True)
def agents_have_a_folder_each(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    """As far as the declaration says; the release compares what the folders resolve to."""
    first: dict[str, str] = {}
    for name, agent in agents_of(config).items():
        folder = agent.get("agentDir")
        if isinstance(folder, str) and (other := first.setdefault(posixpath.normpath(folder), name)) != name:
            yield Problem(
                f"agents.entries.{name}.agentDir",
                f"is the folder of {other} too: both would share logins and sessions",
                suggestion="Give each agent its own folder, or leave agentDir out",
                rule="agent-folder",
            )


@rule("agent-unknown", fatal=True)
def agents_exist(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    agents = agents_of(config)
    known = {agent_id(name) for name in agents} or {"main"}
    named = {".".join(path): get(config, *path) for path in _TARGETS}
    bindings = config.get("bindings")
    for index, binding in enumerate(bindings if isinstance(bindings, list) else []):
        if isinstance(binding, Mapping) and binding.get("agentId") != "main":
            named[f"bindings[{index}].agentId"] = binding.get("agentId")
    for path, name in named.items():
        if isinstance(name, str) and agent_id(name) not in known:
            yield _unknown(path, name, agents)
    yield from _unknown_in_broadcasts(config.get("broadcast"), agents)


def _unknown_in_broadcasts(broadcast: object, agents: Mapping[str, object]) -> Iterator[Problem]:
    for peer, entry in broadcast.items() if agents and isinstance(broadcast, Mapping) else ():
        names = entry.get("agents") if isinstance(entry, Mapping) else entry
        for index, name in enumerate(names if isinstance(names, list) else []):
            if isinstance(name, str) and name not in agents:
                middle = ".agents" if isinstance(entry, Mapping) else ""
                yield _unknown(f"broadcast.{peer}{middle}[{index}]", name, agents)


def _unknown(path: str, name: str, agents: Mapping[str, object]) -> Problem:
    return Problem(
        path,
        f"names the agent '{name}', which does not exist",
        suggestion=f"Declare it in openclaw_config_agents, or name one of {', '.join(agents) or 'main'}",
        rule="agent-unknown",
    )


@rule("channel-unowned", waivable=True)
def channels_have_an_agent(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    for channel in unowned_channels(config):
        agent = next(iter(agents_of(config)), "main")
        yield Problem(
            f"channels.{channel}",
            "has no agent: with several agents and no binding for it, its messages are dropped",
            suggestion=f"Add to openclaw_config_bindings: {{agentId: {agent}, match: {{channel: {channel}}}}}",
            rule="channel-unowned",
        )
