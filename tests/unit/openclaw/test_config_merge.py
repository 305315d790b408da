"""Merging by ownership of paths."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_file import read, text_of
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_merge import (
    ABSENT,
    diff,
    ledger_from_json,
    ledger_to_json,
    merge,
)
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import InvalidValue
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.paths import get, leaves

KEYS = st.sampled_from(["a", "b", "c.d", "é", "meta", "123456789012345678"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just("123456789012345678"))
LEAVES: st.SearchStrategy[Any] = st.one_of(VALUES, st.lists(VALUES, max_size=2), st.just({}))
CONFIGS = st.dictionaries(
    KEYS, st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=6), max_size=4
)
quick = settings(max_examples=100, deadline=None, derandomize=True)


def same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@quick
@given(CONFIGS, CONFIGS)
def test_ours_wins_on_our_paths(wanted: dict[str, Any], present: dict[str, Any]) -> None:
    config = merge(wanted, present).config
    for path, value in leaves(wanted):
        if path[0] == "meta":
            continue
        if value == {} and isinstance(value, dict):
            assert isinstance(get(config, *path), dict)
        else:
            assert same(get(config, *path), value)


@quick
@given(CONFIGS, CONFIGS)
def test_theirs_survives_elsewhere(wanted: dict[str, Any], present: dict[str, Any]) -> None:
    config = merge(wanted, present).config
    ours = {path for path, _ in leaves(wanted) if path[0] != "meta"}
    for path, value in leaves(present):
        touched = any(mine[: len(path)] == path or path[: len(mine)] == mine for mine in ours)
        # Where they have a value and we declare an object above it, or the other way round, ours stands.
        above = any(not isinstance(get(config, *path[:end]), dict) for end in range(1, len(path)))
        if not touched and not above:
            assert same(get(config, *path), value)
    assert same(config.get("meta"), present.get("meta"))


@quick
@given(CONFIGS, CONFIGS, st.booleans())
def test_a_second_merge_changes_nothing(wanted: dict[str, Any], present: dict[str, Any], exact: bool) -> None:
    first = merge(wanted, present, exact=exact)
    again = merge(wanted, first.config, first.ledger, exact=exact)
    assert again.changes == ()
    assert same(again.config, first.config)
    assert again.ledger == first.ledger
    assert text_of(again.config) == text_of(first.config)


@quick
@given(CONFIGS, CONFIGS)
def test_what_is_no_longer_declared_is_gone(old: dict[str, Any], new: dict[str, Any]) -> None:
    first = merge(old, {})
    second = merge(new, first.config, first.ledger)
    assert same(second.config, merge(new, {}).config)
    assert merge({}, second.config, second.ledger).config == {}


@quick
@given(CONFIGS, CONFIGS)
def test_the_changes_are_the_difference(wanted: dict[str, Any], present: dict[str, Any]) -> None:
    merged = merge(wanted, present)
    old, new = dict(leaves(present)), dict(leaves(merged.config))
    told = {change.path: (change.before, change.after) for change in merged.changes}
    for path in old.keys() | new.keys():
        was, becomes = old.get(path, ABSENT), new.get(path, ABSENT)
        if path in told:
            assert same(told[path], (was, becomes))
            assert not same(was, becomes)
        else:
            assert same(was, becomes) or {} in (was, becomes)


@quick
@given(CONFIGS, CONFIGS)
def test_nothing_given_is_changed(wanted: dict[str, Any], present: dict[str, Any]) -> None:
    before = json.dumps([wanted, present])
    merged = merge(wanted, present)
    merged.config["added"] = True
    for value in merged.config.values():
        if isinstance(value, list):
            value.append("x")
    assert json.dumps([wanted, present]) == before


@quick
@given(CONFIGS)
def test_the_ledger_survives_its_file(wanted: dict[str, Any]) -> None:
    ledger = merge(wanted, {}).ledger
    assert ledger_from_json(json.loads(json.dumps(ledger_to_json(ledger)))) == ledger


@quick
@given(CONFIGS)
def test_the_text_is_the_config(config: dict[str, Any]) -> None:
    assert same(read(text_of(config)), config)


def test_what_the_gateway_and_people_wrote_stays() -> None:
    present = {
        "meta": {"lastTouchedVersion": "2026.9.6"},
        "wizard": {"lastRunAt": "x"},
        "gateway": {"port": 18789, "terminal": {"enabled": False}},
        "plugins": {"$include": "./plugins.json5"},
    }
    merged = merge({"gateway": {"port": 3000}, "meta": {"lastTouchedVersion": "1"}}, present)
    assert merged.config == {**present, "gateway": {"port": 3000, "terminal": {"enabled": False}}}
    assert merged.ledger == frozenset({("gateway", "port")})
    assert [str(change) for change in merged.changes] == ["gateway.port: 18789 -> 3000"]


def test_exact_keeps_only_meta() -> None:
    merged = merge({"gateway": {"port": 1}}, {"meta": {"x": 1}, "ui": {"y": 2}}, exact=True)
    assert merged.config == {"meta": {"x": 1}, "gateway": {"port": 1}}


def test_removal_leaves_what_others_put_beside_it() -> None:
    ledger = {("channels", "discord", "enabled"), ("channels", "telegram")}
    present = {"channels": {"discord": {"enabled": True, "mine": 1}, "telegram": {"mine": 2}, "irc": {}}}
    assert merge({}, present, ledger).config == {
        "channels": {"discord": {"mine": 1}, "telegram": {"mine": 2}, "irc": {}}
    }


def test_removal_takes_the_objects_that_it_empties() -> None:
    first = merge({"channels": {"discord": {"guilds": {"1": {"requireMention": True}}}}, "ui": {"a": 1}}, {})
    assert merge({"ui": {"a": 1}}, first.config, first.ledger).config == {"ui": {"a": 1}}


def test_secrets_are_masked_on_both_sides() -> None:
    before = {"channels": {"discord": {"token": "old-secret"}}, "env": {"vars": {"X_API_KEY": "k1"}}}
    after = {"channels": {"discord": {"token": {"source": "env", "provider": "default", "id": "D"}}}}
    text = " ".join(map(str, diff(before, after)))
    assert "old-secret" not in text
    assert "k1" not in text
    assert "(secret)" in text
    assert "'D'" in text


def test_a_change_of_kind_is_a_change() -> None:
    assert [str(change) for change in diff({"a": 1}, {"a": True})] == ["a: 1 -> True"]
    assert [str(change) for change in diff({"a": "1"}, {"a": 1})] == ["a: '1' -> 1"]
    assert [(c.before, c.after) for c in diff({}, {"a": {}})] == [(ABSENT, {})]
    assert diff({"a": {}}, {"a": {"b": 1}})[0].path == ("a", "b")


@pytest.mark.parametrize("data", [{}, "a", [["a", 1]], [[]], ["a"]])
def test_a_broken_ledger_is_refused(data: Any) -> None:
    with pytest.raises(InvalidValue, match="Remove it"):
        ledger_from_json(data)
