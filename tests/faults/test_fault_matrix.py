"""Every module, disturbed at every request that it makes: the next run converges (see matrix.py).

Here what leaves machines alone; test_fault_matrix_machines.py has the rest, so that two processes share the work.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.matrix import check
from faults.scenarios import SCENARIOS, Scenario
from support.platform import Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
HERE = [scenario for scenario in SCENARIOS if not scenario.machines]


@pytest.mark.parametrize("scenario", HERE, ids=[scenario.name for scenario in HERE])
def test_the_next_run_converges(
    fly: Platform, scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    check(fly, scenario, record_property)
