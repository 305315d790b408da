# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A definition from settings, and its text: what a person wrote arrives, whatever characters it is made of."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.openclaw.fly.plugins.filter.app_definition import app_definition
from ansible_collections.openclaw.fly.plugins.filter.to_toml import to_toml
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.config import machine_config
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.definition import FlyToml

SETTINGS: dict[str, Any] = {
    "app": "my-openclaw",
    "region": "iad",
    "image": "ghcr.io/openclaw/openclaw:2026.9.6",
    "kill_signal": "SIGTERM",
    "kill_timeout": "30s",
    "env": {
        "GREETING": "hello 👋",
        "YES": True,
        "WHOLE": 3,
        "QUOTED": 'a "b" \\ c',
        "LINES": "one\ntwo\n",
        "EMPTY": "",
    },
    "command": "node dist/index.js gateway --port 3000",
    "vm_size": "shared-cpu-2x",
    "vm_memory": "2048mb",
    "restart": "always",
    "volume": {"name": "data", "path": "/data", "size_gb": 1, "snapshot_retention": 14},
    "service": {"port": 3000, "force_https": True},
    "check": {"name": "gateway", "port": 3000, "path": "/healthz", "interval": "15s", "timeout": "5s"},
    "files": [{"guest_path": "/etc/x.sh", "text": "#!/bin/sh\necho 'it''s' ''' \\x 👋\n"}],
}


def test_what_is_written_is_what_is_read() -> None:
    definition = app_definition(SETTINGS)
    text = to_toml(definition, "one\ntwo")
    assert text.startswith("# one\n# two\n")
    toml, again = FlyToml.parse(definition), FlyToml.parse(text)
    assert toml.data == again.data
    config = machine_config(again, "app", again.image, "vol_1")
    assert config == machine_config(toml, "app", toml.image, "vol_1")
    env = config["env"]
    assert (env["GREETING"], env["YES"], env["WHOLE"], env["EMPTY"]) == ("hello 👋", "true", "3", "")
    assert (env["QUOTED"], env["LINES"]) == ('a "b" \\ c', "one\ntwo\n")
    (service,) = config["services"]
    assert service["checks"] == [
        {"type": "http", "method": "GET", "path": "/healthz", "interval": "15s", "timeout": "5s"}
    ]
    assert tomllib.loads(text)["files"][0]["raw_value"] == SETTINGS["files"][0]["text"]


def test_without_a_service_the_check_stands_alone() -> None:
    toml = FlyToml.parse(app_definition({**SETTINGS, "service": None}))
    config = machine_config(toml, "app", "image:1", None)
    assert config["services"] == []
    assert config["checks"]["gateway"]["port"] == 3000
    assert FlyToml.parse(app_definition({"app": "x", "check": None})).data == {"app": "x"}


def test_numbers_may_be_texts_as_extra_vars_are() -> None:
    texts = {"service": {"port": "3000"}, "check": {"port": "3000"}}
    volume = {"name": "a", "path": "/a", "size_gb": "1", "snapshot_retention": "7"}
    found = app_definition({"app": "x", **texts, "volume": volume})
    assert found["http_service"]["internal_port"] == 3000
    assert found["mounts"][0]["snapshot_retention"] == 7
    assert app_definition({"app": "x", "check": texts["check"]})["checks"]["app"]["port"] == 3000


def test_any_app_and_what_is_given_beside() -> None:
    extra = {"metrics": [{"port": 9091, "path": "/metrics"}]}
    toml = FlyToml.parse(app_definition({"app": "web", "service": {"port": 80}, "extra": extra}))
    assert toml.metrics("app") == extra["metrics"][0]
    assert toml.command("app") == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"regoin": "iad"}, "regoin is an unknown setting. Write region."),
        ({"volume": {"name": "a", "path": "/a", "size": 1}}, "volume.size is an unknown setting. Write size_gb."),
    ],
)
def test_a_misspelt_setting_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        app_definition(settings)


def test_a_null_is_left_out_but_in_env() -> None:
    assert to_toml({"a": None, "b": {"c": None, "d": 1}}) == "[b]\nd = 1\n"
    with pytest.raises(Exception, match=r"env\.A.*not null"):
        FlyToml.parse(app_definition({"env": {"A": None}}))
