"""What the fault tests share: the platform, and the count of cases at the end."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.platform import Platform, platform

from ansible_collections.openclaw.fly.plugins.module_utils.fly import secret_ledger


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    total: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, number in report.user_properties:
            if name.startswith("faults:"):
                total[name.removeprefix("faults:")] += int(str(number))
    if total:
        kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(total.items()))
        terminalreporter.write_line(f"fault matrix: {total.total()} cases ({kinds})")
