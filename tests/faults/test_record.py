"""For every module: check mode reports the changes that the run makes, and a failed run those that took effect."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from faults.matrix import begin, run
from faults.scenarios import SCENARIOS, Scenario
from faults.truth import truth
from support.platform import Outcome, Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
WRITES = "POST|PUT|PATCH|DELETE"
ALL = pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name.replace(" ", "-") for scenario in SCENARIOS])


UNSEEN = {
    ("destroy an app", "after", 1): "Fly.io still lists an app that it is about to destroy",
    ("make a snapshot", "after", 1): "Fly.io lists a new snapshot some seconds after it was asked for",
    ("destroy a volume", "after", 1): "nobody reads the snapshots of a volume that is to be destroyed",
}
"""Effects of a refused write that no look can see, by scenario and number of the write."""

UNDONE = {
    "fly_wireguard_peer": "a replaced peer looks as before, and is replaced again: its answer had what the file needs",
    "fly_volume_restore": "a volume that no machine was created on is destroyed again",
}
"""Modules whose effect may be gone at the end of a failed run that reports it."""


def platform_only(there: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without files: a new key is written down before Fly.io knows of it."""
    return there and {name: part for name, part in there.items() if name != "files"}


def changes(outcome: Outcome) -> dict[str, Any]:
    return {key: outcome.result.get(key) for key in ("changed", "changes", "diff")}


@ALL
def test_check_mode_reports_the_changes_of_the_run(fly: Platform, scenario: Scenario) -> None:
    app = begin(fly, scenario)
    planned = run(fly, app, scenario.task, check=True)
    done = run(fly, app, scenario.task)
    assert planned.writes == [] and done.changed
    assert changes(planned) == changes(done)


def kinds(texts: list[str]) -> Counter[str]:
    """Without the reason: another one may be found once a part is done."""
    return Counter(text.partition(":")[0] for text in texts)


@ALL
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failed_run_reports_what_took_effect(fly: Platform, scenario: Scenario, when: str) -> None:
    """Whichever write is refused, before or after its effect: what is there otherwise than before is reported."""
    failures = 0
    for number in range(1, 30):
        app = begin(fly, scenario)
        planned, was = run(fly, app, scenario.task, check=True), truth(fly, app)
        rule = fly.fault(method=WRITES, nth=number, status=422, body={"error": "no"}, when=when)
        failed = run(fly, app, scenario.task)
        fly.clear_faults()
        if not rule.hits:
            break
        if not failed.failed:  # such as a lease that could not be given back
            continue
        failures += 1
        left, reported = run(fly, app, scenario.task, check=True), failed.result.get("changes", [])
        where = f"{when} write {number}: {failed}\nplanned {planned['changes']}\nleft {left.result.get('changes')}"
        gone = kinds(planned["changes"]) - kinds(left.result.get("changes", []))
        changed = platform_only(truth(fly, app)) != platform_only(was)
        if (scenario.name, when, number) not in UNSEEN:
            assert gone <= kinds(reported), where
            assert failed.changed == bool(reported) >= changed, where
        assert kinds(reported) <= kinds(planned["changes"]), where
        assert changed or kinds(reported) <= gone or scenario.task[0] in UNDONE, where
        assert len(failed.result.get("diff", [])) == len(reported), where
        assert failed.result.get("failed_change") in (None, *planned["changes"]), where
    assert failures, "nothing was refused"
