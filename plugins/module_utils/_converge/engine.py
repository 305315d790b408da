# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one loop that converges everything: observe, plan, apply, until nothing is left to change.

It alone knows check mode, diff and `changed`, so no resource can get them wrong.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from .._base import clock
from .._base.errors import CollectionError, NoAnswer, UncertainWrite
from .._base.waiting import growing, look_until
from .context import Context
from .record import Record
from .resource import Change, Plan, Refusal, Resource

MAX_PASSES = 6
_FIRST_PAUSE = 0.5
LAG, SEEN_WITHIN = 1.0, 10.0
"""Seconds: until the second look after a lost answer, and for which an accepted change may be unseen."""
Observed = TypeVar("Observed")


class NotConverged(CollectionError):
    """What was applied did not bring about what was wanted."""


class Refused(CollectionError):
    """Several things speak against the plan; `details["refusals"]` has the parts of each."""


def converge(resource: Resource[Observed], context: Context) -> dict[str, object]:
    """Bring the resource about and return the task's result.

    In check mode nothing is applied, and `changed`, `changes` and `diff` are those that a run then has; what a run
    refuses is refused. Whatever ends a run, `context.record` has what it changed until then.
    """
    record = context.record = Record(resource.title)
    run = _Run(resource, context, record)
    observed = resource.observe()
    changes = run.plan(observed)
    if context.check_mode and (changes or not context.looks):
        for change in changes:
            record.add(change)
    elif changes:
        observed = run.change(observed, changes)
    else:
        observed = resource.wait_until_ready(observed)
    result = resource.describe(observed)
    for line in result.pop("warnings", ()):
        context.warn(line)
    return {**result, **record.result(diff=context.diff)}


class _Run(Generic[Observed]):
    """One run's changes of a resource."""

    def __init__(self, resource: Resource[Observed], context: Context, record: Record) -> None:
        self._resource, self._context, self._record = resource, context, record
        self._ended: set[str] = set()
        """Keys of the actions that took effect and are not to be repeated."""
        self._planned: dict[str, Change] = {}
        """By key, as they were planned first: what is planned again is the same change, whatever is left of it."""
        self._begun = False

    def plan(self, observed: Observed) -> list[Change]:
        """The changes that are still to be made. Raises what speaks against them, all at once."""
        return self._judged(self._resource.plan(observed))

    def _judged(self, steps: Plan) -> list[Change]:
        refusals = [step for step in steps if isinstance(step, Refusal) and not self._is_moot(step)]
        check = self._context.check_mode
        for refusal in refusals if check else ():
            if refusal.until_run:
                self._context.progress(f"a run needs what earlier tasks do, or it fails: {refusal.error}")
        errors = [refusal.error for refusal in refusals if not (check and refusal.until_run)]
        if errors:
            raise _error(self._resource.title, errors)
        changes = [step for step in steps if isinstance(step, Change) and (check or not step.deferred)]
        if len(set(_keys(changes))) < len(changes):
            raise ValueError(f"changes with one key: {_keys(changes)}")
        for change in changes:
            self._planned.setdefault(change.key, change)
        return [change for change in changes if change.key not in self._ended]

    def _is_moot(self, refusal: Refusal) -> bool:
        return refusal.key in self._ended or (refusal.at_start and self._begun)

    def change(self, observed: Observed, changes: list[Change]) -> Observed:
        """Make the changes, wait until they are in effect, and note how it ended, whatever ended it."""
        try:
            with self._context.exclusive() as waited:
                if waited or self._resource.reads_lists:
                    observed = self._resource.observe()
                    changes = self.plan(observed)
                observed = self._resource.wait_until_ready(self._apply(observed, changes))
        except BaseException as error:
            self._finalize_after(error)
            raise
        self._resource.finalize(failed=False)
        return observed

    def _apply(self, observed: Observed, changes: list[Change]) -> Observed:
        uncertain: UncertainWrite | None = None
        for attempt in range(MAX_PASSES):
            if not changes:
                return observed
            uncertain, at = self._pass(changes)
            if uncertain:
                clock.sleep(min(0.2 * 2**attempt, 2))
            observed = self._resource.observe()
            steps = self._resource.plan(observed)
            if at and not self._is_seen(at, observed, steps):
                clock.sleep(LAG)  # a list may lag behind what was written: only a second look shows that it is not
                observed = self._resource.observe()
                steps = self._resource.plan(observed)
            if at and self._happened(at, observed, steps):
                self._took_effect(at)
            before, changes = changes, self._judged(steps)
            if changes and uncertain is None and _keys(changes) == _keys(before):
                observed, changes = self._look_again(changes)
                break
        if not changes:
            return observed
        self._record.failed = changes[0]
        for change in changes:
            self._record.changes.pop(change.key, None)
        raise uncertain or NotConverged(
            "the change was accepted but is not in effect",
            where=self._resource.title,
            why="still to do: " + "; ".join(change.summary for change in changes),
            todo="Run again; if this stays, something else changes it back",
        )

    def _look_again(self, changes: list[Change]) -> tuple[Observed, list[Change]]:
        """What was accepted may be seen only later: look for a while before it counts as not in effect."""
        clock.sleep(_FIRST_PAUSE)

        def look() -> tuple[Observed, list[Change]]:
            observed = self._resource.observe()
            return observed, self.plan(observed)

        return look_until(
            "the change to be in effect",
            look,
            lambda seen: _keys(seen[1]) != _keys(changes),
            timeout=SEEN_WITHIN,
            every=growing(2 * _FIRST_PAUSE, 4.0),
            where=self._resource.title,
            progress=self._context.progress,
        )

    def _pass(self, changes: list[Change]) -> tuple[UncertainWrite | None, Change | None]:
        """Apply one after the other; return the first answer that was lost, and whose it was."""
        self._begun = True
        for change in changes:
            self._context.progress(f"{self._resource.title}: {change.summary}")
            try:
                change.apply()
            except UncertainWrite as error:
                return error, change
            except BaseException as error:
                self._record.failed = change
                self._look_after(error, change)
                raise
            self._took_effect(change)
        return None, None

    def _took_effect(self, change: Change) -> None:
        self._record.add(self._planned[change.key])
        if change.once:
            self._ended.add(change.key)

    def _happened(self, change: Change, observed: Observed, steps: Plan) -> bool:
        """Whether it took effect though its answer was lost; `steps` is the plan for what was observed."""
        if change.took_effect:
            return change.took_effect(observed)
        return not change.once and not self._refused(steps) and change.key not in [step.key for step in steps]

    def _is_seen(self, change: Change, observed: Observed, steps: Plan) -> bool:
        """Whether there is no need for another look after a lost answer: nothing is sent again, or it took effect."""
        return self._refused(steps) or self._happened(change, observed, steps)

    def _refused(self, steps: Plan) -> bool:
        return any(isinstance(step, Refusal) and not self._is_moot(step) for step in steps)

    def _look_after(self, error: BaseException, change: Change) -> None:
        """A change that failed may be in effect all the same, such as a machine that is there and not healthy."""
        if not isinstance(error, Exception) or isinstance(error, NoAnswer):
            return
        try:
            happened = self._is_made(change)
            if not happened and self._resource.reads_lists:
                clock.sleep(LAG)  # a list may lag behind what was written
                happened = self._is_made(change)
        except Exception:
            return
        if happened:
            self._took_effect(change)

    def _is_made(self, change: Change) -> bool:
        observed = self._resource.observe()
        return self._happened(change, observed, self._resource.plan(observed))

    def _finalize_after(self, error: BaseException) -> None:
        """Nothing that goes wrong here hides the error that ended the run."""
        try:
            self._resource.finalize(failed=True)
        except Exception as another:
            self._context.warn(f"{self._resource.title}: how the run ended could not be noted: {another}")


def _keys(changes: list[Change]) -> list[str]:
    return [change.key for change in changes]


def _error(title: str, errors: list[CollectionError]) -> CollectionError:
    if len(errors) == 1:
        return errors[0]
    return Refused(
        f"{len(errors)} things speak against this",
        where=title,
        why="".join(f"\n- {error}" for error in errors),
        refusals=[error.as_dict() for error in errors],
    )
