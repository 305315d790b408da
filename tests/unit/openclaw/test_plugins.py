"""Plugins: exact pins, and what the release lists."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.plugins import (
    PluginsUnreadable,
    install_todo,
    parse,
    unpinned,
)


@pytest.mark.parametrize("version", ["latest", "^1.2.3", "1.2", "", ">=1.0.0", None, 2026.9])
def test_only_exact_versions_count(version: Any) -> None:
    [(package, why, todo)] = unpinned({"@openclaw/discord": version})
    assert package == "@openclaw/discord"
    assert "no exact version" in why and "2026.9.6" in todo


@pytest.mark.parametrize("version", ["2026.9.6", "1.2.3-beta.1", "2026.5.3-1"])
def test_exact_ones_pass(version: str) -> None:
    assert list(unpinned({"@openclaw/discord": version, "some-plugin": version})) == []


@pytest.mark.parametrize("package", ["git+https://example.com/x", "../x", "@a/b/c", "a@latest"])
def test_only_packages_count(package: str) -> None:
    assert [name for name, _why, _todo in unpinned({package: "1.0.0"})] == [package]


# As npm prints them, version 10 and 11, in a machine without a way out and behind a proxy that is down.
OFFLINE = [
    "npm error code EAI_AGAIN\nnpm error syscall getaddrinfo\nnpm error errno EAI_AGAIN\nnpm error request to "
    "https://registry.example/left-pad failed, reason: getaddrinfo EAI_AGAIN registry.example",
    "npm ERR! code ENOTFOUND",
    "npm error code ECONNREFUSED",
    "npm error code ETIMEDOUT",
    "npm error connect ENETUNREACH 192.0.2.1:443",
    "npm error network request to https://registry.example/x failed, reason: socket hang up",
]


@pytest.mark.parametrize("said", OFFLINE)
def test_an_installation_without_a_way_out_names_egress(said: str) -> None:
    assert "make local EMULATOR_ARGS=--egress" in install_todo(said)


def test_other_failures_of_an_installation_do_not() -> None:
    assert "fly_app_volume_size" in install_todo("npm error code ENOSPC\nnpm error syscall write")
    for said in ("", "npm error code E404\nnpm error 404 Not Found", "npm error code ETARGET"):
        assert "--egress" not in install_todo(said)


def test_a_list_without_plugins_is_none() -> None:
    with pytest.raises(PluginsUnreadable, match="no such command"):
        parse({"ok": False, "error": {"message": "no such command"}})
