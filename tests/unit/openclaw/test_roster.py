"""Rosters: one that the release takes, and each enabled channel with an agent (cases 10 and 12)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import gateway_config
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.roster import with_owners

TELEGRAM = {"telegram": {"enabled": True, "dmPolicy": "allowlist", "allowFrom": ["42"]}}
BINDING = {"agentId": "main", "match": {"channel": "telegram"}}


@pytest.mark.parametrize(
    "agents",
    [
        {"list": [{"id": "main", "default": True}, {"id": "work"}]},
        {"entries": {"main": {"default": True}, "work": {}}},
    ],
)
def test_the_default_marker_keeps_its_meaning(agents: dict[str, Any]) -> None:
    config, said = with_owners({"agents": agents, "channels": {**TELEGRAM, "slack": {"enabled": False}}})
    assert config["agents"] == {
        "ownership": "explicit",
        "entries": {"main": {}, "work": {}},
        "defaults": {"systemAgent": {"agentId": "main"}, "heartbeat": {"agentId": "main"}},
    }
    assert config["bindings"] == [BINDING]
    assert "bindings: main now has telegram" in said
    facts = Facts(exposure="sealed")
    assert check({**config, "gateway": {"mode": "local"}}, facts) == []
    assert with_owners(config) == (config, [])


def test_what_the_release_made_of_the_marker_is_taken() -> None:
    judged = {"bindings": [{"agentId": "main", "match": {"channel": "telegram", "accountId": "*"}}]}
    config, _said = with_owners(
        {"agents": {"entries": {"main": {"default": True}, "b": {}}}, "channels": TELEGRAM}, judged
    )
    assert config["bindings"] == judged["bindings"]


def test_a_single_agent_only_loses_its_marker() -> None:
    assert with_owners({"agents": {"list": [{"id": "main", "default": True}]}}) == (
        {"agents": {"entries": {"main": {}}}},
        [],
    )


def test_a_channel_without_an_agent_is_reported_and_may_be_waived() -> None:
    config = gateway_config({"agents": {"main": {}, "work": {}}, "channels": TELEGRAM, "exposure": "sealed"})
    [problem] = check(config, Facts(exposure="sealed"))
    assert (problem.path, problem.rule) == ("channels.telegram", "channel-unowned")
    assert "openclaw_config_bindings: {agentId: main, match: {channel: telegram}}" in str(problem)
    assert check(config, Facts(exposure="sealed", waivers={"channel-unowned": "a test"})) == []
    assert check({**config, "bindings": [BINDING]}, Facts(exposure="sealed")) == []


@pytest.mark.parametrize(
    ("over", "path"),
    [
        ({"agents": {"entries": {"main": {}, "work": {}}}}, "agents.ownership"),
        ({"agents": {"ownership": "explicit", "entries": {"main": {"default": True}, "work": {}}}}, "agents.ownership"),
        ({"agents": {"entries": {"a": {"default": True}, "b": {"default": True}}}}, "agents.entries"),
        ({"agents": {"ownership": "explicit", "entries": {"a": {"agentDir": "/d"}, "b": {"agentDir": "/d/"}}}},
         "agents.entries.b.agentDir"),
        ({"agents": {"ownership": "explicit", "entries": {"Work": {}, "work": {}}}}, "agents.entries.work"),
        ({"bindings": [{"agentId": "sales", "match": {"channel": "telegram"}}]}, "bindings[0].agentId"),
        ({"talk": {"agentId": "sales"}}, "talk.agentId"),
        ({"broadcast": {"telegram:1": {"agents": ["sales"]}}}, "broadcast.telegram:1.agents[0]"),
        ({"agents": {"entries": {"main": {}}, "defaults": {"systemAgent": {"agentId": "x"}}}},
         "agents.defaults.systemAgent.agentId"),
    ],
)  # fmt: skip
def test_a_roster_that_the_release_refuses(over: dict[str, Any], path: str) -> None:
    config = {"gateway": {"mode": "local"}, "agents": {"entries": {"main": {}}}, **over}
    found = [problem.path for problem in check(config, Facts(exposure="sealed")) if problem.rule != "moved"]
    assert found == [path]
