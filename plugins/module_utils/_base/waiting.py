# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way to wait: look, and look again, until what is looked at is ready, cannot become so, or takes too long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from . import clock
from .errors import CollectionError

Seen = TypeVar("Seen")
_REPEAT = 30.0
"""Seconds after which a state that does not change is reported again."""


class WaitFailed(CollectionError):
    """What was waited for cannot come about. `seen` is what the last look gave."""

    seen: Any = None


class TimedOut(WaitFailed):
    """What was waited for did not come about in time. `seen` is what the last look gave."""


class _Wait(Generic[Seen]):
    """One wait's clock and what it reported last."""

    def __init__(self, what: str, where: str, state: Callable[[Seen], str], progress: Callable[[str], None]) -> None:
        self.what, self.where, self._state, self._progress = what, where, state, progress
        self._began = clock.monotonic()
        self._reported: str | None = None
        self._at = 0.0

    @property
    def elapsed(self) -> float:
        return clock.monotonic() - self._began

    def report(self, seen: Seen) -> None:
        """Show the state when it has changed, or was not shown for a while."""
        state, elapsed = self._state(seen), self.elapsed
        if state == self._reported and elapsed - self._at < _REPEAT:
            return
        self._reported, self._at = state, elapsed
        thing = f"{self.where}: " if self.where else ""
        self._progress(f"{thing}waiting for {self.what}{f': {state}' if state else ''}, {elapsed:.0f} s")

    def failure(self, kind: type[WaitFailed], what: str, why: str, todo: str, seen: Seen) -> WaitFailed:
        state, elapsed = self._state(seen), round(self.elapsed, 1)
        error = kind(what, where=self.where, why=why, todo=todo, waited_for=self.what, state=state, elapsed=elapsed)
        error.seen = seen
        return error


def growing(first: float, longest: float) -> Callable[[], float]:
    """Pauses for a wait's `every`, in seconds: each is half as long again as the one before, up to the longest."""
    pause = first / 1.5

    def after() -> float:
        nonlocal pause
        pause = min(pause * 1.5, longest)
        return pause

    return after


def wait_until(
    what: str,
    look: Callable[[], Seen],
    ready: Callable[[Seen], bool],
    *,
    timeout: float,
    every: float | Callable[[], float] = 2.0,
    where: str = "",
    todo: str = "",
    state: Callable[[Seen], str] = lambda _seen: "",
    permanent: Callable[[Seen], str | None] = lambda _seen: None,
    progress: Callable[[str], None] = lambda _line: None,
) -> Seen:
    """Return what `look` gives once it is `ready`. Looks at once, then `every` so many seconds for `timeout` seconds.

    `what` is what is waited for, after "waiting for": "a volume that can be mounted"; `where` the user's thing:
    "volume data of my-app". `state` is shown in progress lines and in the error. `permanent` returns a reason why
    it will never be ready, which ends the wait at once. What `look` and `permanent` raise goes through. Raises
    `TimedOut` or `WaitFailed`, whose `seen` is what the last look gave.
    """
    wait = _Wait(what, where, state, progress)
    while True:
        seen = look()
        if ready(seen):
            return seen
        if reason := permanent(seen):
            raise wait.failure(WaitFailed, f"there is no use in waiting for {what}", reason, todo, seen)
        left = timeout - wait.elapsed
        if left <= 0:
            last = state(seen)
            why = f"its last state: {last}" if last else ""
            raise wait.failure(TimedOut, f"timed out after {timeout:.0f} s waiting for {what}", why, todo, seen)
        wait.report(seen)
        clock.sleep(min(every() if callable(every) else every, left))


def look_until(
    what: str,
    look: Callable[[], Seen],
    ready: Callable[[Seen], bool],
    *,
    timeout: float,
    every: float | Callable[[], float] = 2.0,
    where: str = "",
    state: Callable[[Seen], str] = lambda _seen: "",
    progress: Callable[[str], None] = lambda _line: None,
) -> Seen:
    """Wait as `wait_until` does, but when the time is over return what the last look gave, ready or not."""
    try:
        return wait_until(what, look, ready, timeout=timeout, every=every, where=where, state=state, progress=progress)
    except TimedOut as error:
        last: Seen = error.seen
        return last


def until_answered(
    what: str,
    ask: Callable[[], Seen],
    passes: Callable[[CollectionError], bool] = lambda _error: True,
    *,
    timeout: float,
    every: float | Callable[[], float] = 2.0,
    where: str = "",
    progress: Callable[[str], None] = lambda _line: None,
) -> Seen:
    """Return what `ask` gives once it does not raise an error that `passes`; raise the last one when time is over."""

    def attempt() -> Seen | CollectionError:
        try:
            return ask()
        except CollectionError as error:
            if not passes(error):
                raise
            return error

    answer = look_until(
        what,
        attempt,
        lambda seen: not isinstance(seen, CollectionError),
        timeout=timeout,
        every=every,
        where=where,
        progress=progress,
    )
    if isinstance(answer, CollectionError):
        raise answer
    return answer
