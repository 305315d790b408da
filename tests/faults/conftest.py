"""What the fault tests share: the platform."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.platform import Platform, platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.secrets import ledger as secret_ledger


@pytest.fixture(scope="module")
def fly() -> Iterator[Platform]:
    """In memory where that can be had, and with cheap hashes: there are thousands of cases."""
    memory = Path("/dev/shm")
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as directory,
        platform(Path(directory)) as started,
    ):
        patch.setitem(secret_ledger._COST, "n", 2)
        yield started
