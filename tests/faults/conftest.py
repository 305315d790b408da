"""What the fault tests share: the platform, and the count of cases at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from support.platform import Platform, platform

COUNTS: pytest.StashKey[Counter[str]] = pytest.StashKey()


@pytest.fixture(scope="module")
def fly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("platform")) as started:
        yield started


@pytest.fixture
def count(request: pytest.FixtureRequest, record_property: pytest.RecordProperty) -> Iterator[Counter[str]]:
    """Cases by kind; printed at the end of the run."""
    counted: Counter[str] = Counter()
    yield counted
    for kind, number in counted.items():
        record_property(f"faults:{kind}", number)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    total: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, number in report.user_properties:
            if name.startswith("faults:"):
                total[name.removeprefix("faults:")] += int(str(number))
    if total:
        kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(total.items()))
        terminalreporter.write_line(f"fault matrix: {total.total()} cases ({kinds})")
