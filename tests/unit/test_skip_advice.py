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
