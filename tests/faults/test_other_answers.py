"""A part of the fault matrix under the other answers about Fly.io; `make faults` runs the whole of it under each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from faults.conftest import quick_platform
from faults.matrix import check
from faults.scenarios import SCENARIOS, Scenario
from support.answers import SETS
from support.platform import Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
KINDS = ("reset after", "killed before", "killed after")
PART = [scenario for scenario in SCENARIOS if scenario.name in ("make a snapshot", "start a stopped machine")]


@pytest.fixture(scope="module", params=["others", "narrowest"])
def fly(request: pytest.FixtureRequest) -> Iterator[Platform]:
    with quick_platform(SETS[request.param]) as started:
        yield started


@pytest.mark.parametrize("scenario", PART, ids=[scenario.name for scenario in PART])
def test_the_next_run_converges(
    fly: Platform, scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    check(fly, scenario, record_property, KINDS)
