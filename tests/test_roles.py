"""A role's variables agree wherever they stand: defaults, argument specs, README, the preflight's list."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.ansible import REPO

sys.path.insert(0, str(REPO / "tools"))
import roles

ROLES = sorted((REPO / "roles").iterdir())


def test_the_preflight_knows_every_variable() -> None:
    assert roles.KNOWN.read_text() == roles.known_text(), "run: python tools/roles.py"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: str(role.name))
def test_defaults_are_options(role: Path) -> None:
    defaults = roles.variables(role / "defaults/main.yml")
    assert sorted(defaults.keys() - roles.options(role).keys()) == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: str(role.name))
def test_the_readme_has_every_option(role: Path) -> None:
    readme = (role / "README.md").read_text()
    assert [name for name in roles.options(role) if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: str(role.name))
def test_the_readme_describes_options_as_the_specs_do(role: Path) -> None:
    assert (role / "README.md").read_text() == roles.readme_text(role), "run: python tools/roles.py"
