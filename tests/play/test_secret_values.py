"""Secrets of any value: masked where people read, and no task's data changes by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.ansible import Ansible
from support.emulator import Emulator
from support.site import Site, result

SHORT = {
    "FLAG": "1",
    "LETTER": "a",
    "SWITCH": "true",
    "STATE": "started",
    "SIZE": "2048",
    "JSON": '{"cpus": 2}',
    "KEY": '"state"',
    "PATH_OF": "/data",
    "NAME": "short",
    "TIME": "15s",
}
"""Each occurs in what tasks hand to each other."""
MASKS = ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "********")
DATA = ("machines", "machine", "volume", "state", "ips", "digests", "names", "token", "definition", "release")


def data_of(results: list[Any]) -> list[Any]:
    return [{key: each.result[key] for key in DATA if key in each.result} for each in results]


def test_short_secrets_break_no_run(file_ansible: Ansible, emulator: Emulator, tmp_path: Any) -> None:
    site = Site(file_ansible, emulator, tmp_path / "site", "short", fly_app_secrets=SHORT)
    first = site.converge()
    assert set(SHORT) < {entry["name"] for entry in site.get("/secrets")["secrets"]}
    emulator.clear_journal()
    second = site.converge("--skip-tags=look", diff=True)
    assert second.changed == 0, second.output
    assert site.writes() == []
    for run in (first, second):
        told = json.dumps(data_of(run.results))
        assert [mask for mask in MASKS if mask in told] == []
    machines = result(second, "fly_deploy")["machines"]
    assert (machines[0]["state"], machines[0]["config"]["guest"]["memory_mb"]) == ("started", 2048)


@pytest.mark.parametrize(
    ("variables", "variable", "why"),
    [
        ({"fly_app_secrets": {"SOME_KEY": {"a": "b"}}}, "fly_app_secrets.SOME_KEY", "is a dictionary"),
        ({"fly_app_secrets": {"SOME_KEY": None}}, "fly_app_secrets.SOME_KEY", "is null"),
        ({"fly_app_secrets": {"SOME_KEY": 3000}}, "fly_app_secrets.SOME_KEY", "is a number"),
        ({"fly_app_secrets": {"SOME_KEY": True}}, "fly_app_secrets.SOME_KEY", "is a boolean"),
        ({"fly_app_secrets": {"SOME_KEY": "one\ntwo"}}, "fly_app_secrets.SOME_KEY", "has several lines"),
        ({"fly_app_secrets": {"SOME_KEY": "changeme"}}, "fly_app_secrets.SOME_KEY", "is a placeholder"),
        ({"fly_app_secrets": {"OPENAI_API_KEY": "not-one"}}, "fly_app_secrets.OPENAI_API_KEY", "sk-..."),
        ({"fly_app_gateway_token": "abc"}, "fly_app_gateway_token", "can be guessed"),
        ({"fly_app_gateway_token": "0" * 40}, "fly_app_gateway_token", "can be guessed"),
    ],
)
def test_what_is_no_secret_is_refused_first(
    file_ansible: Ansible, emulator: Emulator, tmp_path: Any, variables: dict[str, Any], variable: str, why: str
) -> None:
    site = Site(file_ansible, emulator, tmp_path / "site", "refused", **variables)
    emulator.clear_journal()
    for check in (True, False):
        run = site.run(check=check).failed()
        assert variable in run.output and why in run.output, run.output
    assert site.writes() == []
