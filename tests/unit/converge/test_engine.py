"""The engine, with a resource that is a counter."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError, UncertainWrite
from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.engine import NotConverged, converge
from ansible_collections.openclaw.fly.plugins.module_utils._converge.resource import (
    Change,
    Plan,
    Resource,
    refusal,
)
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves."""
    sleeps: list[float] = []
    monkeypatch.setattr(clock, "sleep", sleeps.append)
    monkeypatch.setattr(clock, "monotonic", lambda: sum(sleeps))
    return sleeps


class Counter(Resource[int]):
    """Wants `value` to be `wanted`, a step at a time. `losses` says which writes lose their answer, and when."""

    title = "counter"

    def __init__(self, wanted: int, value: int = 0, losses: dict[int, str] | None = None) -> None:
        self.wanted, self.value, self.losses = wanted, value, losses or {}
        self.reads = self.writes = self.settled = self.plans = 0

    def observe(self) -> int:
        self.reads += 1
        return self.value

    def plan(self, observed: int) -> Plan:
        self.plans += 1
        numbers = range(observed + 1, self.wanted + 1)
        return [Change(str(n), f"count to {n}", {"n": n - 1}, {"n": n}, self._step) for n in numbers]

    def wait_until_ready(self, observed: int) -> int:
        self.settled += 1
        return observed

    def describe(self, observed: int) -> dict[str, Any]:
        return {"value": observed}

    def _step(self) -> None:
        self.writes += 1
        loss = self.losses.get(self.writes)
        if loss != "before":
            self.value += 1
        if loss:
            raise UncertainWrite("the answer was lost", where="counter")


def test_nothing_to_do_reads_once_and_writes_nothing() -> None:
    counter = Counter(3, value=3)
    assert converge(counter, Context(diff=True)) == {"changed": False, "changes": [], "value": 3}
    assert (counter.reads, counter.writes, counter.settled) == (1, 0, 1)


def test_changes_are_applied_in_order_and_observed_again() -> None:
    result = converge(Counter(2), Context())
    assert result == {"changed": True, "changes": ["count to 1", "count to 2"], "value": 2}


def test_check_mode_writes_nothing_and_tells_what_a_run_then_does() -> None:
    planned, real = Counter(2), Counter(2)
    plan = converge(planned, Context(check_mode=True, diff=True))
    done = converge(real, Context(diff=True))
    assert (planned.writes, planned.settled) == (0, 0)
    assert {key: plan[key] for key in ("changed", "changes", "diff")} == {
        key: done[key] for key in ("changed", "changes", "diff")
    }


def test_a_diff_names_the_resource_and_the_change() -> None:
    (diff,) = converge(Counter(1), Context(diff=True))["diff"]
    assert diff == {
        "before": {"n": 0},
        "after": {"n": 1},
        "before_header": "counter: count to 1",
        "after_header": "counter: count to 1",
    }
    assert "diff" not in converge(Counter(1), Context())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("which", [1, 2, 3])
def test_a_lost_answer_is_looked_up_before_anything_is_sent_again(which: int, when: str) -> None:
    counter = Counter(3, losses={which: when})
    assert converge(counter, Context())["value"] == 3
    assert counter.value == 3
    assert counter.writes == (4 if when == "before" else 3)
    assert counter.plans == counter.reads, "what was observed is planned once"


@pytest.mark.parametrize("error", [UncertainWrite, CollectionError])
def test_a_change_that_failed_is_not_taken_for_done_because_more_is_refused(error: type[CollectionError]) -> None:
    class Refusing(Counter):
        def plan(self, observed: int) -> Plan:
            return [refusal("it cannot count", where="counter")] if self.writes else super().plan(observed)

        def _step(self) -> None:
            self.writes += 1
            raise error("it failed", where="counter")

    context = Context()
    with pytest.raises(CollectionError):
        converge(Refusing(1), context)
    assert not context.record.changes


def test_answers_that_stay_lost_end_in_that_error() -> None:
    counter = Counter(1, losses=dict.fromkeys(range(1, 20), "before"))
    with pytest.raises(UncertainWrite, match="the answer was lost"):
        converge(counter, Context())


def test_a_change_without_effect_is_told() -> None:
    class Stubborn(Counter):
        def _step(self) -> None:
            self.writes += 1

    with pytest.raises(NotConverged, match="still to do: count to 1"):
        converge(Stubborn(1), Context())


def test_progress_is_told_before_each_change() -> None:
    lines: list[str] = []
    converge(Counter(2), Context(progress=lines.append))
    assert lines == ["counter: count to 1", "counter: count to 2"]


def test_an_error_of_ours_is_a_failed_result_with_its_parts() -> None:
    def body(_params: dict[str, Any], _context: Context) -> Any:
        raise CollectionError("it is full", where="volume x", why="40 GB", todo="Extend it", request_id="01HX")

    result = run(body, {}, Context())
    assert result["failed"] is True
    assert result["msg"] == "volume x: it is full: 40 GB. Extend it. (request 01HX)"
    assert result["error"] == {
        "kind": "CollectionError",
        "what": "it is full",
        "where": "volume x",
        "why": "40 GB",
        "todo": "Extend it",
        "request_id": "01HX",
    }
