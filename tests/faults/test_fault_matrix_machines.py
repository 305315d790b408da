"""The fault matrix for what changes machines (see matrix.py), and bad deploys, disturbed while they are undone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from faults.matrix import FAULTS, Killed, begin, check, killed, leased, run
from faults.scenarios import DEPLOY, SCENARIOS, WHOLE, Scenario, deploy
from faults.truth import truth
from support.platform import Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
HERE = [scenario for scenario in SCENARIOS if scenario.machines]
BAD = deploy(processes={"app": "crash"})
UPDATE = re.compile(r"POST/v1/apps/[^/]+/machines/[^/]+")
GIVES_UP = 60
"""Seconds after which the run gives up; an update may take more than 20."""


@pytest.mark.parametrize("scenario", HERE, ids=[scenario.name for scenario in HERE])
def test_the_next_run_converges(
    fly: Platform, scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    check(fly, scenario, record_property)


def test_a_bad_deploy_leaves_the_old_one_running(fly: Platform, record_property: Callable[[str, object], None]) -> None:
    """Whatever happens while it fails and is undone; and the next run with the good one has the old state again."""
    scenario = Scenario("a bad deploy", BAD, WHOLE)
    app = begin(fly, scenario)
    wanted = truth(fly, app)
    failed = run(fly, app, BAD, wait_timeout=GIVES_UP)
    assert failed.failed and "the old configuration was put back and runs" in failed["msg"]
    assert truth(fly, app) == wanted
    count: Counter[str] = Counter()
    updated = next(
        number for number, each in enumerate(failed.requests, 1) if UPDATE.fullmatch(each.method + each.path)
    )
    for number, request in enumerate(failed.requests, 1):
        for fault in ("reset before", "reset after", "409 lease", "killed before", "killed after"):
            if fault == "409 lease" and not leased(request):
                continue
            where = f"{fault} at request {number}, {request.method} {request.path}"
            app = begin(fly, scenario)
            if fault.startswith("killed"):
                with killed(number, fault.endswith("after")), suppress(Killed):
                    run(fly, app, BAD, wait_timeout=GIVES_UP)
            else:
                nth = sum(map(leased, failed.requests[:number])) if fault == "409 lease" else number
                fly.fault(nth=nth, **FAULTS[fault])
                assert run(fly, app, BAD, wait_timeout=GIVES_UP).failed, where
                fly.clear_faults()
                if fault != "409 lease" or number <= updated:  # who lost the lease later may put nothing back
                    fly.until(lambda app=app: truth(fly, app) == wanted, what=where)
            again = run(fly, app, DEPLOY)
            assert not again.failed, f"{where}: {again}"
            assert truth(fly, app) == wanted, where
            count[fault] += 1
    for fault, cases in count.items():
        record_property(f"faults:{fault}", cases)
