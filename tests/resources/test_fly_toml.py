"""fly_toml: a valid file is written as TOML, an invalid one is not written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from support.platform import Platform

DEFINITION: dict[str, Any] = {
    "app": "a",
    "env": {"GREETING": "hello 👋", "YES": True, "EMPTY": ""},
    "http_service": {"internal_port": 3000, "auto_stop_machines": None},
    "mount": {"source": "data", "destination": "/data"},
}


def test_a_definition_is_written_once(fly: Platform, tmp_path: Path) -> None:
    file = tmp_path / "deploy" / "fly.toml"
    first = fly.module("fly_toml", definition=DEFINITION, dest=str(file))
    assert first.changed and not first.failed
    text = file.read_text()
    assert text.startswith("# Written by Ansible")
    assert tomllib.loads(text) == first["definition"]
    assert first["definition"]["env"] == DEFINITION["env"]
    assert first["definition"]["mounts"] == [DEFINITION["mount"]]
    assert not fly.module("fly_toml", definition=DEFINITION, dest=str(file)).changed
    again = fly.module("fly_toml", content=text, dest=str(file))
    assert not again.changed and again["definition"] == first["definition"]


def test_a_secret_or_a_mistake_is_not_written(fly: Platform, tmp_path: Path) -> None:
    file = tmp_path / "fly.toml"
    command = {"processes": {"app": "serve --token abcdef"}}
    headers = {"checks": {"up": {"type": "http", "port": 1, "headers": {"Authorization": "Bearer abcdef"}}}}
    for definition, said in (
        ({"env": {"A": None}}, "env.A: must be text, a number, true or false, not null"),
        ({"org": "acme"}, "the organization is not part of fly.toml"),
        ({"env": {"DBPASSWORD": "abcdef"}}, "env holds what looks like a secret: DBPASSWORD"),
        (command, "fly.toml holds what looks like a secret: processes.app"),
        (headers, "fly.toml holds what looks like a secret: checks.up.headers.Authorization"),
    ):
        refused = fly.module("fly_toml", definition=definition, dest=str(file))
        assert refused.failed and said in refused["msg"] and "abcdef" not in str(refused)
        assert not file.exists()
    known = fly.module("fly_toml", definition=command, dest=str(file), public_env=["processes.app"])
    assert not known.failed and file.exists()
