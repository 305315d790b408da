"""An emulator in this process for all tests of the folder; each test makes apps of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from emulator.client import App, Client

from fly_emulator.settings import Organization, Settings, Token
from fly_emulator.thread import EmulatorThread

RUNTIME = os.environ.get("EMULATOR_RUNTIME", "auto")
"""The tier to test on: auto, sandbox or process."""
TOKENS = (Token("emulator-token"), Token("other-org", orgs=("acme",)), Token("fm2_one", apps=("only-this",)))


def settings(state_dir: Path, cache: Path, **changes: Any) -> Settings:
    return Settings(
        **{
            "state_dir": state_dir,
            "cache_dir": cache,
            "api_port": 0,
            "edge_http_port": 0,
            "edge_https_port": 0,
            "tokens": TOKENS,
            "orgs": (Organization("personal", "Personal"), Organization("acme", "Acme")),
            "foreign_apps": ("somebody-elses",),
            "restart_delay": 0.01,
            "delays": 0.01,
            "edge_hold": 3.0,
            "runtime": RUNTIME,
            **changes,
        }
    )


Run = Callable[..., AbstractContextManager[Client]]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture
def run(tmp_path: Path, cache: Path) -> Run:
    """Runs an emulator on this test's state directory; run twice it is a restart."""

    @contextmanager
    def started(**changes: Any) -> Iterator[Client]:
        with EmulatorThread(settings(tmp_path / "state", cache, **changes)) as thread:
            yield Client(thread)

    return started


@pytest.fixture(scope="session")
def fly(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Client]:
    with EmulatorThread(settings(tmp_path_factory.mktemp("fly"), cache)) as thread:
        yield Client(thread)


@pytest.fixture
def app(fly: Client) -> App:
    return fly.app()
