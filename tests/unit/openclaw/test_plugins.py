"""Plugins: exact pins, and what the release lists."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.plugins import PluginsUnreadable, parse, unpinned


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


def test_a_list_without_plugins_is_none() -> None:
    with pytest.raises(PluginsUnreadable, match="no such command"):
        parse({"ok": False, "error": {"message": "no such command"}})
