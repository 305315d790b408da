"""An emulator in this process for all tests of the folder; each test makes apps of its own."""

from __future__ import annotations

import _socket
import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from emulator.client import App, Client
from fly_emulator.server import EmulatorThread
from fly_emulator.settings import Organization, Settings, Token

TOKENS = (Token("emulator-token"), Token("other-org", orgs=("acme",)), Token("fm2_one", apps=("only-this",)))


def settings(state_dir: Path, cache: Path, **changes: Any) -> Settings:
    return Settings(**{
        "state_dir": state_dir, "cache_dir": cache, "api_port": 0, "edge_http_port": 0, "edge_https_port": 0,
        "tokens": TOKENS, "orgs": (Organization("personal", "Personal"), Organization("acme", "Acme")),
        "foreign_apps": ("somebody-elses",), "restart_delay": 0.01, "edge_hold": 3.0, **changes})


MACHINES = (ipaddress.ip_network("172.19.0.0/16"), ipaddress.ip_network("fdaa::/16"))


@pytest.fixture(autouse=True, scope="session")
def machines_too(only_loopback: None) -> Iterator[None]:
    """Let the emulator in this process connect to its machines, which live in network namespaces of their own."""
    guarded = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        inside = self.family in (socket.AF_INET, socket.AF_INET6) and address[0] != "localhost" and any(
            ipaddress.ip_address(address[0]) in network for network in MACHINES)
        (_socket.socket.connect if inside else guarded)(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


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
