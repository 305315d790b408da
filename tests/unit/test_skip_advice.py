# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a skipped test advises has an effect."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.ansible import installed_cores
from support.needs import CHROMIUM, CORES, GO, NODE, WIREGUARD, Program, missing_core

TESTS = Path(__file__).parents[1]


def test_no_advice_names_a_variable_that_the_set_up_takes_away() -> None:
    """tests/conftest.py clears every FLY_ variable before a test module is imported."""
    for path in sorted(TESTS.rglob("*.py")):
        text = path.read_text()
        assert not re.search(r"""environ(?:\.get\(|\[)\s*["']FLY_""", text), path
        assert not re.search(r"""(?:skip\(|reason=)[^\n]*\bFLY_""", text), path


@pytest.mark.parametrize("document", ["machines-openapi.json", "fly-graphql.graphql"])
def test_the_folder_of_the_contracts_is_found_where_it_is_named(document: str, tmp_path: Path) -> None:
    """As a test run would see it: by a process with the same set-up and the variable set."""
    code = f"""
import conftest
from support import contracts
assert any(path.exists() for path in (contracts.OPENAPI, contracts.GRAPHQL) if path.name == {document!r})
"""
    env = {**os.environ, "CONTRACTS_DIR": str(tmp_path), "PYTHONPATH": str(TESTS)}
    absent = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert absent.returncode != 0
    (tmp_path / document).write_text("{}")
    present = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert present.returncode == 0, present.stderr


@pytest.mark.parametrize("program", [NODE, CHROMIUM, WIREGUARD, GO], ids=lambda program: program.names[0])
def test_a_program_is_found_once_it_is_installed(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in program.names:
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.setenv("PATH", str(folder))
        assert program.path() is None and name in program.missing and "install" in program.missing
        (folder / name).touch(0o755)
        assert program.path() == str(folder / name)


@pytest.mark.parametrize("version", list(CORES))
def test_an_ansible_core_is_found_where_it_is_named(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "OPENCLAW_FLY_CORES" in missing_core(version) and "make cores" in missing_core(version)
    (tmp_path / "ansible-playbook").touch(0o755)
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho {version}.1\n")
    python.chmod(0o755)
    monkeypatch.setenv("OPENCLAW_FLY_CORES", str(tmp_path))
    assert any(core.version == version for core in installed_cores())


def test_the_advised_pythons_are_those_that_make_tries() -> None:
    makefile = (TESTS.parent / "Makefile").read_text()
    for version, pythons in CORES.items():
        (tried,) = re.findall(rf'core-{re.escape(version)} "([^"]+)"', makefile)
        assert sorted(tried.split()) == sorted(re.findall(r"3\.\d+", pythons))


def test_no_skip_says_only_what_is_missing() -> None:
    """A program's or a document's absence comes with what to do; the rest of the skips are about the machine itself."""
    for path in sorted(TESTS.rglob("*.py")):
        assert not re.search(r"""(?:skip\(|reason=)f?["'](?:no |needs )[A-Z]""", path.read_text()), path
