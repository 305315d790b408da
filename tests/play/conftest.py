"""Fixtures for plays on the emulator with the featherweight gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible, Core
from support.emulator import Emulator
from support.site import Site


@pytest.fixture(scope="module")
def file_ansible(own_core: Core, collections_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Ansible:
    """Runs playbooks for all tests of a file, with one home."""
    return Ansible(own_core, collections_path, tmp_path_factory.mktemp("home"))


@pytest.fixture
def new_site(file_ansible: Ansible, emulator: Emulator, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Declare a gateway on this file's emulator: app name, then variables of its host. Faults end with the test."""

    def declare(app: str, **variables: Any) -> Site:
        return Site(file_ansible, emulator, tmp_path / app, app, **variables)

    yield declare
    emulator.request("DELETE", "/emulator/v1/faults")
