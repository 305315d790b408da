"""The engine's record is the truth: in check mode, after a failure, and however a run ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError, NoAnswer, UncertainWrite
from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.engine import converge
from ansible_collections.openclaw.fly.plugins.module_utils._converge.resource import (
    Change,
    Plan,
    Refusal,
    Resource,
    refusal,
)
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run


class Row(Resource[set[int]]):
    """Wants the numbers below `wanted`; all its changes have one text. `errors` are raised at a number's change."""

    title = "row"

    def __init__(self, wanted: int, errors: dict[int, BaseException] | None = None, late: bool = False) -> None:
        self.wanted, self.errors, self.late = wanted, errors or {}, late
        self.there: set[int] = set()
        self.log: list[str] = []

    def observe(self) -> set[int]:
        self.log.append("observe")
        return set(self.there)

    def plan(self, observed: set[int]) -> Plan:
        missing = [number for number in range(self.wanted) if number not in observed]
        return [Change(str(n), "add one", None, {"number": n}, lambda n=n: self._add(n)) for n in missing]

    def describe(self, observed: set[int]) -> dict[str, Any]:
        return {"row": sorted(observed), "warnings": ["a row"]}

    def finalize(self, *, failed: bool) -> None:
        self.log.append(f"finalize {failed}")

    def _add(self, number: int) -> None:
        error = self.errors.pop(number, None)
        if error and not self.late:
            raise error
        self.there.add(number)
        if error:
            raise error


def ran(resource: Resource[Any], **context: Any) -> dict[str, Any]:
    return run(lambda _params, _context: resource, {}, Context(diff=True, **context))


def changes(result: dict[str, Any]) -> dict[str, Any]:
    return {key: result.get(key) for key in ("changed", "changes", "diff")}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)


def test_changes_with_one_text_are_several_changes_in_check_mode_and_in_the_run() -> None:
    planned, done = ran(Row(3), check_mode=True), ran(Row(3))
    assert planned["changes"] == ["add one"] * 3
    assert [diff["after"] for diff in done["diff"]] == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert changes(planned) == changes(done)


@pytest.mark.parametrize("late", [False, True])
def test_a_change_whose_answer_was_lost_is_one_change(late: bool) -> None:
    lost = ran(Row(3, {1: UncertainWrite("lost")}, late))
    assert changes(lost) == changes(ran(Row(3)))
    assert lost["row"] == [0, 1, 2]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_failure_returns_what_took_effect_and_what_failed(at: int, late: bool) -> None:
    result = ran(Row(3, {at: CollectionError("full", where="row")}, late))
    done = at + late
    assert (result["failed"], result["changed"], result["failed_change"]) == (True, done > 0, "add one")
    assert result["changes"] == ["add one"] * done
    assert [diff["after"] for diff in result.get("diff", [])] == [{"number": n} for n in range(done)]
    assert result["msg"] == "row: full." and result["error"]["kind"] == "CollectionError"


def test_where_nothing_answers_nobody_looks_again() -> None:
    row = Row(2, {1: NoAnswer("gone")})
    assert ran(row)["changes"] == ["add one"]
    assert row.log == ["observe", "finalize True"]


def test_a_bug_is_reported_as_one_and_keeps_what_was_done() -> None:
    result = ran(Row(3, {1: KeyError("id")}))
    assert result["changes"] == ["add one"] and result["changed"] and result["failed"]
    assert result["error"]["kind"] == "Bug"
    assert result["msg"].startswith("a bug in openclaw.fly: KeyError: 'id' (")
    assert "Report it" in result["msg"] and "Traceback" not in str(result)
    assert "Traceback" in ran(Row(3, {1: KeyError("id")}), traceback=True)["exception"]


def test_a_bug_before_any_change_is_a_failed_result_too() -> None:
    def body(_params: dict[str, Any], _context: Context) -> Any:
        return dict[str, Any]()["missing"]

    result = run(body, {}, Context())
    assert result["failed"] and result["error"]["kind"] == "Bug"


class Ended(BaseException):
    """What ends a task from outside, such as its timeout."""


@pytest.mark.parametrize("error", [CollectionError("full"), KeyError("id"), Ended()])
def test_every_ending_is_finalized(error: BaseException) -> None:
    row, context = Row(3, {1: error}), Context()
    with pytest.raises(type(error)):
        converge(row, context)
    assert row.log[-1] == "finalize True"
    assert context.record and list(context.record.changes) == ["0"]


def test_what_goes_wrong_at_the_end_does_not_hide_the_error() -> None:
    class Clumsy(Row):
        def finalize(self, *, failed: bool) -> None:
            raise CollectionError("no entry")

    warnings: list[str] = []
    result = ran(Clumsy(2, {1: CollectionError("full")}), warn=warnings.append)
    assert result["msg"] == "full." and "no entry" in warnings[0]


def test_an_end_is_noted_once_and_only_after_changes() -> None:
    row = Row(2)
    ran(row)
    ran(row)
    ran(Row(2), check_mode=True)
    assert row.log.count("finalize False") == 1


class Refusing(Row):
    reasons: tuple[Refusal, ...] = ()

    def plan(self, observed: set[int]) -> Plan:
        return [*super().plan(observed), *self.reasons]


@pytest.mark.parametrize("check", [False, True])
def test_all_refusals_are_shown_at_once_and_nothing_is_applied(check: bool) -> None:
    row = Refusing(2)
    row.reasons = (refusal("no room", where="row", todo="Make room"), refusal("no paper", where="row"))
    result = ran(row, check_mode=check)
    assert result["failed"] and row.there == set()
    assert result["msg"].splitlines() == [
        "row: 2 things speak against this:",
        "- row: no room. Make room.",
        "- row: no paper.",
    ]
    assert [each["what"] for each in result["error"]["refusals"]] == ["no room", "no paper"]
    assert changes(result)["changed"] is None
    row.reasons = row.reasons[:1]
    assert ran(row, check_mode=check)["msg"] == "row: no room. Make room."


def test_what_earlier_tasks_may_still_remove_is_refused_by_a_run_only() -> None:
    row, lines = Refusing(2), list[str]()
    row.reasons = (Refusal(CollectionError("no machine", where="row"), until_run=True),)
    assert ran(row)["failed"]
    assert ran(row, check_mode=True, progress=lines.append)["changes"] == ["add one"] * 2
    assert lines == ["a run needs what earlier tasks do, or it fails: row: no machine."]


class Act(Resource[int]):
    """Something that leaves nothing to compare: it is wanted in every look. `outcome` is what its answer does."""

    title = "act"

    def __init__(self, outcome: Callable[[], None] = lambda: None, seen: bool = True) -> None:
        self.outcome, self.seen, self.acts = outcome, seen, 0

    def observe(self) -> int:
        return self.acts

    def plan(self, observed: int) -> Plan:
        took_effect = (lambda now: now > observed) if self.seen else None
        return [Change("act", "act", None, None, self._act, once=True, took_effect=took_effect)]

    def describe(self, observed: int) -> dict[str, Any]:
        return {"acts": observed}

    def _act(self) -> None:
        self.acts += 1
        outcome, self.outcome = self.outcome, lambda: None
        outcome()


def lose() -> None:
    raise UncertainWrite("lost")


def test_an_action_is_applied_once() -> None:
    assert ran(Act())["acts"] == 1


def test_an_action_whose_answer_was_lost_is_repeated_only_when_nothing_shows_it() -> None:
    assert (ran(Act(lose))["acts"], ran(Act(lose))["changes"]) == (1, ["act"])
    assert (ran(Act(lose, seen=False))["acts"], ran(Act(lose, seen=False))["changes"]) == (2, ["act"])


def test_a_reason_against_an_action_is_moot_once_it_took_effect() -> None:
    class Once(Act):
        def plan(self, observed: int) -> Plan:
            return super().plan(observed) if not observed else [Refusal(CollectionError("gone"), key="act")]

    assert ran(Once(lose))["changes"] == ["act"]


def test_what_a_later_task_makes_is_shown_and_not_made() -> None:
    class Later(Row):
        def plan(self, observed: set[int]) -> Plan:
            return [Change("later", "add later", None, 1, lambda: self._add(1), deferred=True)]

    assert ran(Later(1), check_mode=True)["changes"] == ["add later"]
    assert (ran(Later(1))["changes"], ran(Later(1))["row"]) == ([], [])


@pytest.mark.parametrize("waits", [True, False])
def test_after_another_run_things_are_looked_at_again(waits: bool) -> None:
    row = Row(2)

    @contextmanager
    def lock() -> Iterator[bool]:
        if waits:
            row.there.add(0)  # another run did it while this one waited
        row.log.append("locked")
        yield waits
        row.log.append("unlocked")

    assert ran(row, exclusive=lock)["changes"] == ["add one"] * (1 if waits else 2)
    looks = ["observe"] * waits
    assert row.log == ["observe", "locked", *looks, "observe", "unlocked", "finalize False"]
    again = len(row.log)
    assert ran(row, exclusive=lock)["changes"] == [] and "locked" not in row.log[again:]


def test_two_changes_with_one_key_are_a_bug() -> None:
    class Double(Row):
        def plan(self, observed: set[int]) -> Plan:
            return [Change("1", "one", None, 1, lambda: None), Change("1", "another", None, 1, lambda: None)]

    assert ran(Double(1))["error"]["kind"] == "Bug"


def test_warnings_of_a_resource_are_the_tasks() -> None:
    warnings: list[str] = []
    assert "warnings" not in ran(Row(1), warn=warnings.append)
    assert warnings == ["a row"]


@pytest.mark.parametrize(
    ("error", "where"),
    [(CollectionError("it is full"), "app a"), (CollectionError("it is full", where="volume v"), "volume v")],
)
def test_an_error_that_names_nothing_names_the_app(error: CollectionError, where: str) -> None:
    def body(params: dict[str, object], context: Context) -> object:
        raise error

    result = run(body, {"app": "a"}, Context())
    assert result["msg"] == f"{where}: it is full."
    assert result["error"]["where"] == where
