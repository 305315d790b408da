"""Which tier is taken, and what is said of those that do not work."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fly_emulator.runtime import RuntimeUnavailable, select


def test_without_namespaces_the_process_tier_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    chosen = asyncio.run(select("auto", tmp_path))
    assert chosen.guarantees.tier == "process"
    assert any("No permissions to create new namespace" in words for words in chosen.guarantees.missing)


def test_a_sandbox_that_fails_its_probe_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(RuntimeUnavailable, match="setting up uid map: Permission denied"):
        asyncio.run(select("sandbox", tmp_path))


def test_an_unknown_tier_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"no runtime tier 'docker'.*auto, sandbox, process"):
        asyncio.run(select("docker", tmp_path))
