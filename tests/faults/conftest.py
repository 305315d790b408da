"""What the fault tests share: the platform."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults import matrix
from support.answers import SETS
from support.platform import Platform, platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.secrets import ledger as secret_ledger


@pytest.fixture(autouse=True, scope="session")
def turns(pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("faults") == "all":
        matrix.TURNS = 1


@pytest.fixture(scope="module")
def fly(answer_set: str) -> Iterator[Platform]:
    with quick_platform(SETS[answer_set]) as started:
        yield started


@contextmanager
def quick_platform(answers: Mapping[str, str]) -> Iterator[Platform]:
    """In memory where that can be had, and with cheap hashes: there are thousands of cases."""
    memory = Path("/dev/shm")
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as directory,
        platform(Path(directory), answers=answers) as started,
    ):
        patch.setitem(secret_ledger._COST, "n", 2)
        yield started
