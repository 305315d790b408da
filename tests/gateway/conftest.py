"""One real gateway for all tests here: it costs half a minute to boot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support.ansible import Ansible, Core, Run
from support.emulator import Emulator
from support.gateway import GatewaySite


@pytest.fixture(scope="session")
def first_run(
    own_core: Core,
    collections_path: Path,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[GatewaySite, Run]]:
    """The run that made the gateway, from nothing."""
    ansible = Ansible(own_core, collections_path, tmp_path_factory.mktemp("home"))
    with start_emulator() as emulator:
        gateway = GatewaySite(ansible, emulator, tmp_path_factory.mktemp("site"), "my-openclaw")
        yield gateway, gateway.run().ok()


@pytest.fixture(scope="session")
def deployed(first_run: tuple[GatewaySite, Run]) -> GatewaySite:
    """The gateway: it serves, and every test leaves it serving."""
    return first_run[0]
