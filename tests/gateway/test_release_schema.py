"""Our verdict on a config and that of the pinned release itself are the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import guide

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import config_file
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_schema import (
    Schema,
    load,
    prepare,
    store,
    validate,
)
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import deep_merge, gateway_config

from .installed import installed

pytestmark = pytest.mark.gateway

RELEASE = Release.parse(DEFAULT_RELEASE)
FACTS = Facts(hostnames=("my-openclaw.fly.dev",))


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    folder = tmp_path_factory.mktemp("cli")
    env = installed().environment(folder / "state", folder)

    def run(*words: str, config: dict[str, Any] | None = None) -> Any:
        file = folder / "openclaw.json"
        file.write_text(config_file.text_of(config or {}))
        file.chmod(0o600)
        return installed().cli({**env, "OPENCLAW_CONFIG_PATH": str(file)}, *words)

    return run


@pytest.fixture(scope="module")
def schema(cli: Callable[..., Any]) -> Schema:
    return prepare(cli("config", "schema"), RELEASE)


def test_the_guides_config_is_valid(cli: Callable[..., Any], schema: Schema) -> None:
    config = gateway_config(guide.EVERYTHING)
    assert validate(config, schema) == []
    assert check(config, FACTS) == []
    verdict = cli("config", "validate", "--json", config=config)
    assert verdict["valid"] is True
    # What the plugin voice-call brings is known once it is installed.
    assert [warning["path"] for warning in verdict["warnings"]] == ["plugins.entries.voice-call"]


@pytest.mark.parametrize(
    ("over", "path"),
    [
        (
            {"channels": {"discord": {"guilds": {"1": {"channels": {"general": {"allow": True}}}}}}},
            "channels.discord.guilds.1.channels.general.allow",
        ),
        ({"channels": {"discrod": {"enabled": True}}}, "channels.discrod"),
        ({"agents": {"list": [{"id": "main"}]}}, "agents.list"),
        ({"bindings": [{"agentId": "main", "match": {}}]}, "bindings[0].match"),
        ({"gateway": {"auth": {"token": {"id": "lower"}}}}, "gateway.auth.token.id"),
        ({"gateway": {"publicOrigin": "http://my-openclaw.fly.dev"}}, "gateway.publicOrigin"),
        (
            {"plugins": {"entries": {"imap": {"config": {"accounts": {"a": {}}}}}}},
            "plugins.entries.imap.config.accounts.a",
        ),
        ({"meta": {"lastTouchedAt": "x"}}, "meta.lastTouchedAt"),
    ],
)
def test_a_broken_config_is_refused_by_both(
    cli: Callable[..., Any], schema: Schema, over: dict[str, Any], path: str
) -> None:
    config = deep_merge(gateway_config(guide.EVERYTHING), over)
    assert path in [problem.path for problem in (*validate(config, schema), *check(config, FACTS))]
    assert cli("config", "validate", "--json", config=config)["valid"] is False


def test_a_check_is_cheap(schema: Schema, tmp_path: Path) -> None:
    config = gateway_config(guide.EVERYTHING)
    store(schema, tmp_path)
    validate(config, schema)
    began = time.process_time()
    cached = load(RELEASE, tmp_path)
    assert cached is not None
    assert validate(config, cached) == []
    # Measured: 8 ms. Ten times that would be felt with hundreds of gateways.
    assert time.process_time() - began < 0.08
