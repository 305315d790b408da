"""Fixtures for all tests: the repository, the installed collection, Ansible, the emulator."""

from __future__ import annotations

import importlib
import ipaddress
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import answers
from support.ansible import REPO, Ansible, Core, installed_cores
from support.emulator import Emulator
from support.needs import missing_core

# The collection's code is imported as ansible_collections.openclaw.fly from build/tree, which is on sys.path already.
subprocess.run([sys.executable, REPO / "tools" / "collection.py", "tree"], check=True)
importlib.invalidate_caches()

# No test may reach the real Fly.io by what the caller's shell holds.
for _name in [name for name in os.environ if name.startswith("FLY_")]:
    del os.environ[_name]

DOCUMENTATION = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--answers",
        choices=answers.SETS,
        help="what the emulators answer where nobody knows what Fly.io does",
    )
    parser.addoption("--long", action="store_true", help="run the tests that take more than five minutes too")
    parser.addoption(
        "--faults",
        choices=("turns", "all"),
        default="turns",
        help="disturb each request of the fault matrix in a third of the ways, in turn, or in all",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the tests with a real gateway run one after another, the rest beside them file by file."""
    for item in items:
        if item.get_closest_marker("long") and not config.getoption("long"):
            item.add_marker(pytest.mark.skip(reason="takes more than five minutes: run `make long`"))
        alone = item.get_closest_marker("gateway") or item.get_closest_marker("browser")
        named = item.get_closest_marker("xdist_group")
        if item.get_closest_marker("s3"):
            named = named or pytest.mark.xdist_group("s3").mark  # one process builds the server; the others go on
        own = item.nodeid if item.get_closest_marker("apart") else str(item.path)
        item.add_marker(pytest.mark.xdist_group("gateway" if alone else named.args[0] if named else own))
        if item.get_closest_marker("s3") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1800))  # the first one builds the server
        if alone and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1800))  # the first one fetches the gateway


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fetch the real gateway before the first test that runs it."""
    if item.get_closest_marker("gateway"):
        from support import openclaw

        openclaw.provide()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the fault matrix counted; here, because with workers only this file is read by who reports."""
    total: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, number in report.user_properties:
            if name.startswith("faults:"):
                total[name.removeprefix("faults:")] += int(str(number))
    if total:
        kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(total.items()))
        under = config.getoption("answers") or answers.DEFAULTS
        terminalreporter.write_line(f"fault matrix (--answers {under}): {total.total()} cases ({kinds})")


def _is_elsewhere(host: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Documentation's ranges, which the emulator gives out, lead out too: a proxy on the way may answer there."""
    return host.is_global or any(host in network for network in DOCUMENTATION)


@pytest.fixture(autouse=True, scope="session")
def stay_here() -> Iterator[None]:
    """Refuse connections from this process to the world; machines in namespaces have private addresses."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            if host != "localhost" and _is_elsewhere(ipaddress.ip_address(host)):
                raise PermissionError(f"a test tried to reach {host}: tests stay here")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def repo() -> Path:
    """The checkout."""
    return REPO


@pytest.fixture(scope="session")
def collections_path() -> Path:
    """A folder for ANSIBLE_COLLECTIONS_PATH with the collection built and installed from the checkout."""
    path = REPO / "build" / "test" / "collections"
    subprocess.run([sys.executable, REPO / "tools" / "collection.py", "install", path], check=True)
    return path


@pytest.fixture(scope="session")
def ansible_cores() -> list[Core]:
    """Every ansible-core at hand, oldest first; the one of this interpreter among them."""
    return installed_cores()


@pytest.fixture(scope="session", params=["2.19", "2.21"])
def ansible_core(request: pytest.FixtureRequest, ansible_cores: list[Core]) -> Core:
    """One ansible-core after the other; a test that uses it runs once for each."""
    for core in ansible_cores:
        if core.version == request.param:
            return core
    pytest.skip(missing_core(request.param))


@pytest.fixture(scope="session")
def own_core(ansible_cores: list[Core]) -> Core:
    """The ansible-core of this interpreter."""
    return next(core for core in ansible_cores if core.bin == Path(sys.executable).parent)


@pytest.fixture
def ansible(own_core: Core, collections_path: Path, tmp_path: Path) -> Ansible:
    """Runs playbooks with this interpreter's ansible-core, knowing nothing of an emulator."""
    return Ansible(own_core, collections_path, tmp_path / "home")


@pytest.fixture(scope="session")
def answer_set(request: pytest.FixtureRequest) -> str:
    """The name of the set of answers that the emulators of this run give."""
    return str(request.config.getoption("answers") or answers.DEFAULTS)


@pytest.fixture(scope="session")
def start_emulator(
    tmp_path_factory: pytest.TempPathFactory, answer_set: str
) -> Callable[..., AbstractContextManager[Emulator]]:
    """A context manager that starts an emulator with the given arguments and stops it at its end."""

    @contextmanager
    def started(*args: str, **options: Any) -> Iterator[Emulator]:
        emulator = Emulator(tmp_path_factory.mktemp("emulator"), *answers.arguments(answer_set), *args, **options)
        emulator.start()
        try:
            yield emulator
        finally:
            emulator.stop()

    return started


@pytest.fixture(scope="session")
def session_emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    """One emulator for all tests of a process: for those that need no empty one, with app names of their own."""
    with start_emulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real S3 server (support.s3.S3Server) for all tests of a process, with buckets of their own."""
    from support import s3

    with s3.started(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    """One emulator for a file of tests, empty at first."""
    with start_emulator() as emulator:
        yield emulator


@pytest.fixture
def fresh_emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    """An empty emulator for one test."""
    with start_emulator() as emulator:
        yield emulator
