"""Validation against a release's schema, a small one; the real one is in tests/gateway."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_schema import (
    Schema,
    load,
    prepare,
    store,
    validate,
)
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import SchemaUnusable
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import deep_merge

from .small_schema import SCHEMA

RELEASE = Release.parse("2026.9.6")
GOOD: dict[str, Any] = {
    "agents": {"entries": {"main": {"model": "anthropic/claude-opus-4-6"}}},
    "channels": {"discord": {"enabled": True, "guilds": {"1": {"channels": {"general": {"enabled": True}}}}}},
    "gateway": {
        "port": 3000,
        "bind": "lan",
        "auth": {"token": {"source": "env", "provider": "default", "id": "OPENCLAW_GATEWAY_TOKEN"}},
    },
}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return prepare(SCHEMA, RELEASE)


def test_a_good_config_passes_though_a_key_with_a_default_is_missing(schema: Schema) -> None:
    assert validate(GOOD, schema) == []


@pytest.mark.parametrize(
    ("over", "path", "message", "suggestion"),
    [
        (
            {"channels": {"discord": {"guilds": {"X": {"channels": {"general": {"allow": True}}}}}}},
            "channels.discord.guilds.X.channels.general.allow",
            "the key 'allow' is not known here",
            "Write enabled instead",
        ),
        ({"gatway": {}}, "gatway", "the key 'gatway' is not known here", "Did you mean 'gateway'?"),
        ({"agents": {"list": []}}, "agents.list", "the key 'list' is not known here", "agents.entries"),
        ({"gateway": {"bind": "lann"}}, "gateway.bind", "must be one of auto, lan, loopback", "'lan'"),
        ({"gateway": {"bind": "0.0.0.0"}}, "gateway.bind", "must be one of", "the word lan"),
        ({"gateway": {"reload": {"mode": "hot"}}}, "gateway.reload.mode", "must be one of off", "retired"),
        ({"gateway": {"port": "3000"}}, "gateway.port", "must be a whole number, but is text", None),
        ({"gateway": {"port": 0}}, "gateway.port", "must be at least 1", None),
        ({"gateway": {"auth": {"token": 7}}}, "gateway.auth.token", "must be text or an object", None),
        (
            {"gateway": {"auth": {"token": {"source": "env", "provider": "default", "id": "lower"}}}},
            "gateway.auth.token.id",
            "must match ^[A-Z]",
            None,
        ),
        ({"agents": {"entries": {"Main": {}}}}, "agents.entries.Main", "the key 'Main' must match", None),
        (
            {"agents": {"entries": {"main": {"model": {"primry": "x"}}}}},
            "agents.entries.main.model.primry",
            "not known",
            "Did you mean 'primary'?",
        ),
        ({"channels": {"discrod": {}}}, "channels.discrod", "no channel of 2026.9.6", "'discord'"),
        (
            {"plugins": {"entries": {"imap": {"config": {"accounts": {"a": {}}}}}}},
            "plugins.entries.imap.config.accounts.a",
            "the key 'host' is missing",
            None,
        ),
        ({"meta": {"lastTouchedAt": "x"}}, "meta.lastTouchedAt", "is not known here", "Remove it"),
    ],
)
def test_each_problem_has_its_path_and_its_remedy(
    schema: Schema, over: dict[str, Any], path: str, message: str, suggestion: str | None
) -> None:
    [problem] = validate(deep_merge(GOOD, over), schema)
    assert problem.path == path
    assert message in problem.message
    assert (suggestion is None) == (problem.suggestion is None)
    assert suggestion is None or suggestion in str(problem.suggestion)


def test_allowed_keys_are_told(schema: Schema) -> None:
    [problem] = validate({"gateway": {"bogus": 1}}, schema)
    assert problem.allowed_keys == ("auth", "bind", "port", "reload")


def test_channels_and_plugins_of_others_pass(schema: Schema) -> None:
    others = {"channels": {"wecom": {"x": 1}}, "plugins": {"entries": {"voice-call": {"enabled": True}}}}
    assert validate(others, schema) == []


def test_a_python_hostile_pattern_is_dropped(schema: Schema) -> None:
    assert validate({"channels": {"feishu": {"sticker": "x"}}}, schema) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ((), "strict"),
        (("channels",), "open"),
        (("agents", "entries"), "map"),
        (("agents", "entries", "main"), "strict"),
        (("channels", "discord"), "strict"),
        (("gateway", "port"), "value"),
    ],
)
def test_the_kind_of_an_object_is_known(schema: Schema, path: tuple[str, ...], kind: str) -> None:
    assert schema.kind(path) == kind
    assert (schema.allowed_keys(path) is not None) == (kind == "strict")


def test_the_cache_gives_back_the_same(schema: Schema, tmp_path: Path) -> None:
    assert load(RELEASE, tmp_path) is None
    file = store(schema, tmp_path / "new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    cached = load(RELEASE, tmp_path / "new")
    assert cached is not None
    assert cached.parts == schema.parts
    assert load(Release.parse("2026.9.5"), tmp_path / "new") is None
    file.write_bytes(file.read_bytes()[:40])
    assert load(RELEASE, tmp_path / "new") is None
    assert os.listdir(tmp_path / "new") == [file.name]


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(SchemaUnusable, match="openclaw config schema"):
        prepare({"type": "string"}, RELEASE)
