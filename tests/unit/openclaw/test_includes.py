"""$include: what it takes in, and what of it is declared too."""

from __future__ import annotations

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.includes import Include, also_set, includes


def test_directives_are_found_with_their_place() -> None:
    config = {
        "$include": "./base.json5",
        "agents": {"$include": ["agents.json", "/data/more/agents.json"]},
        "bindings": [{"$include": "./x.json"}],
    }
    assert list(includes(config, "/data/openclaw.json")) == [
        Include((), "/data/base.json5"),
        Include(("agents",), "/data/agents.json"),
        Include(("agents",), "/data/more/agents.json"),
    ]


def test_what_both_set_is_told() -> None:
    declared = {"agents": {"defaults": {"model": {"primary": "a/b"}}, "entries": {"main": {}}}}
    content = {"defaults": {"model": {"primary": "c/d"}, "maxConcurrent": 4}}
    assert also_set(Include(("agents",), "x"), content, declared) == ["agents.defaults.model.primary"]
    assert also_set(Include((), "x"), {"logging": {"level": "info"}}, declared) == []
