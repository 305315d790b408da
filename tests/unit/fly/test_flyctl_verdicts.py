# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What flyctl's own package makes of small fly.toml files, beside what we make of them.

`flyctl_verdicts.json` holds the answers of flyctl's internal/appconfig (ad0172f, August 2026): accepted or refused
with its message, and the machine's configuration of each process group.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.fly_tomls import NONSENSE, WORDS, mutated

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.config import machine_config
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.definition import FlyToml
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.schema import SCHEMA
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.writer import written

DATA = Path(__file__).parent
RECORDED: list[dict[str, Any]] = json.loads((DATA / "flyctl_verdicts.json").read_text())
BY_NAME = {record["name"]: record for record in RECORDED}

API = "the Machines API refuses it, after the deploy has begun"
UNKNOWN = "flyctl ignores the key, and what was meant does not happen"
MISREAD = "flyctl reads it as something that nobody means"
CHANGED = "the platform changes the value, so that it would be sent again at every run"
REFUSED_BY_US = {
    "vm: kind without memory": API,
    "vm: cpus without memory": API,
    "vm: too much memory": API,
    "vm: odd memory": API,
    "vm: gpu size": "GPU machines are not offered any more",
    "vm: for a group that is not there": UNKNOWN,
    "deploy: bluegreen with mounts": "flyctl refuses it later: a volume has one machine",
    "deploy: wait_timeout as a number": f"{MISREAD}: nanoseconds",
    "deploy: release_command_vm of an unknown size": "flyctl refuses it when the release command is due",
    "env: a list": f"{MISREAD}: [x]",
    "env: a table": f"{MISREAD}: map[b:x]",
    "env: a date": "its text depends on Go's printing; in quotes it is what is written",
    "mounts: without destination": API,
    "mounts: without source": API,
    "mounts: for a group that is not there": UNKNOWN,
    "http_service: check interval in milliseconds": f"{MISREAD}: nanoseconds",
    "http_service: check of half a second": CHANGED,
    "http_service: check timeout of two minutes": CHANGED,
    "http_service: without a port": API,
    "http_service: a port of 70000": API,
    "services: a range without end": API,
    "services: unknown protocol": API,
    "restart: max_retries": UNKNOWN,
    "top: kill_timeout in hours": API,
    "top: unknown key": UNKNOWN,
    "top: region": UNKNOWN,
    "top: volumes": UNKNOWN,
    "top: machine_config": "machines of several containers are not supported",
    "top: unknown key below a section": UNKNOWN,
}
ACCEPTED_BY_US: dict[str, str] = {}
"""Each with its reason."""


def ours(text: str) -> dict[str, Any] | str:
    """The configuration of each group, or the message."""
    try:
        toml = FlyToml.parse(text)
        return {group: machine_config(toml, group, "", None) for group in toml.groups}
    except CollectionError as error:
        return str(error)


def plain(value: Any, key: str = "") -> Any:
    """Without what is empty, which Go leaves out, but for switches, where false says something."""
    if isinstance(value, dict):
        found = {name: plain(inner, name) for name, inner in value.items()}
        return {name: inner for name, inner in found.items() if inner not in (None, "", 0, [], {}) or name in SWITCHES}
    if isinstance(value, list):
        items = [plain(inner) for inner in value]
        return (
            sorted(items, key=lambda item: item["name"]) if key == "headers" and isinstance(value[0], dict) else items
        )
    return value


SWITCHES = ("autostop", "autostart", "min_machines_running", "compress", "default_self_signed", "tls_skip_verify")


@pytest.mark.parametrize("name", BY_NAME)
def test_we_read_as_flyctl_does(name: str) -> None:
    record = BY_NAME[name]
    found = ours(record["toml"])
    if isinstance(found, str):
        assert not record["accepted"] or name in REFUSED_BY_US, f"flyctl takes it, we say: {found}"
        return
    if not record["accepted"]:
        assert name in ACCEPTED_BY_US, f"flyctl refuses it: {record.get('message')}"
        return
    assert plain(found) == plain(record["groups"])


def keys_of(schema: dict[str, Any], path: str = "") -> dict[str, set[str]]:
    """The keys of every table, by the table's place; `.*` stands for a name that a person chooses."""
    while schema.get("type") == "array":
        schema = schema["items"]
    named = schema.get("additionalProperties")
    if isinstance(named, dict) and named.get("type") == "object":
        return keys_of(named, f"{path}.*")
    found = {path: set(schema["properties"])} if "properties" in schema else {}
    for name, inner in schema.get("properties", {}).items():
        found |= keys_of(inner, f"{path}.{name}" if path else name)
    return found


def test_the_schema_has_the_keys_of_flyctl() -> None:
    """`flyctl_keys.json` has the fields of flyctl's Config and what is below it, by reflection."""
    theirs = {path: set(keys) for path, keys in json.loads((DATA / "flyctl_keys.json").read_text()).items()}
    ours = keys_of(SCHEMA)
    theirs[""] -= {"container", "machine_config"}  # machines of several containers are not supported
    open_ended = {path for path in theirs | ours if path.startswith("experimental")}
    assert {path: keys for path, keys in ours.items() if path not in open_ended} == {
        path: keys for path, keys in theirs.items() if path not in open_ended
    }


def test_differences_are_differences() -> None:
    """A reason outlives its difference otherwise."""
    for name in REFUSED_BY_US:
        assert BY_NAME[name]["accepted"] and isinstance(ours(BY_NAME[name]["toml"]), str), name
    for name in ACCEPTED_BY_US:
        assert not BY_NAME[name]["accepted"] and not isinstance(ours(BY_NAME[name]["toml"]), str), name


def read_live(files: list[str], folder: Path) -> list[dict[str, Any]]:
    """What a program with flyctl's package says of each: it prints one line of JSON a file."""
    reader = os.environ.get("APPCONFIG_READER")
    if not reader:
        pytest.skip("set APPCONFIG_READER to a program that prints internal/appconfig's verdict of each file as JSON")
    paths = [folder / f"{number}.toml" for number in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text)
    found = []
    for begin in range(0, len(paths), 500):
        command = [reader, *map(str, paths[begin : begin + 500])]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        found += [json.loads(line) for line in result.stdout.splitlines()]
    for verdict in found:
        for group in (verdict.get("groups") or {}).values():
            group["metadata"].pop("fly_flyctl_version", None)
    return found


def test_flyctl_still_answers_as_recorded(tmp_path: Path) -> None:
    found = read_live([record["toml"] for record in RECORDED], tmp_path)
    for verdict, record in zip(found, RECORDED, strict=True):
        assert verdict["accepted"] == record["accepted"], record["name"]
        assert plain(verdict.get("groups")) == plain(record.get("groups")), record["name"]


def test_one_wrong_place_is_never_read_otherwise(tmp_path: Path) -> None:
    """We may refuse more than flyctl, never less, and what both take is the same machine."""
    files = [written(definition) for definition in mutated((*NONSENSE, *WORDS))]
    for text, verdict in zip(files, read_live(files, tmp_path), strict=True):
        found = ours(text)
        if not isinstance(found, str):
            assert verdict["accepted"], f"{verdict['message']}\n{text}"
            assert plain(found) == plain(verdict["groups"]), text
