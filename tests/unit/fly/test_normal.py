"""Spellings of fly.toml that flyctl still reads."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.config import machine_config
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.definition import FlyToml
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.normal import normalized


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[mount]\nsource = 'a'\ndestination = '/a'", {"mounts": [{"source": "a", "destination": "/a"}]}),
        ("[[compute]]\nsize = 'a'\n[[vm]]\nsize = 'b'", {"vm": [{"size": "a"}, {"size": "b"}]}),
        ("[experimental]\ncmd = 'run it'", {"experimental": {"cmd": ["run it"]}}),
        (
            "[[services]]\ninternal_port = '8080'\nconcurrency = '20,25'\n[[services.ports]]\nport = '80'",
            {
                "services": [
                    {
                        "internal_port": 8080,
                        "concurrency": {"type": "requests", "soft_limit": 20, "hard_limit": 25},
                        "ports": [{"port": 80}],
                    }
                ]
            },
        ),
        (
            "[checks.up]\ntype = 'http'\nheaders = [{name = 'A', value = 1}]",
            {"checks": {"up": {"type": "http", "headers": {"A": 1}}}},
        ),
    ],
)
def test_old_becomes_new_and_new_stays(old: str, new: dict[str, Any]) -> None:
    assert normalized(tomllib.loads(old)) == new
    assert normalized(new) == new


def test_old_spellings_are_valid_and_are_loaded_in_todays() -> None:
    assert list(FlyToml.parse({"mount": {"source": "a", "destination": "/a"}}).data) == ["mounts"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[checks.up]\ntype = 'tcp'", "app has no [http_service] to take it from"),
        ("[processes]\napp = 'a'\n[http_service]\ninternal_port = 1", "name its processes"),
    ],
)
def test_what_flyctl_refuses_or_misreads_is_a_problem(text: str, problem: str) -> None:
    with pytest.raises(CollectionError) as caught:
        FlyToml.parse(text)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("serve --name 'two words' a\\ b", ["serve", "--name", "two words", "a b"]),
        ("serve # all of it", ["serve"]),
        ("serve # this\nand that", ["serve", "and", "that"]),
        ("serve http://x/#y '#z'", ["serve", "http://x/#y", "#z"]),
    ],
)
def test_commands_are_split_as_flyctl_does(command: str, words: list[str]) -> None:
    assert (
        machine_config(FlyToml.parse({"processes": {"app": command}}), "app", "image:1", None)["init"]["cmd"] == words
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (1.5, "1.5"), (100000.5, "100000.5"), (1e6, "1e+06"), (1234567.5, "1.2345675e+06"), (1e-5, "1e-05")],
)
def test_numbers_are_written_as_go_does(value: float, text: str) -> None:
    assert machine_config(FlyToml.parse({"env": {"N": value}}), "app", "image:1", None)["env"]["N"] == text
