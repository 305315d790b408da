"""The one way to wait, on a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.waiting import (
    TimedOut,
    WaitFailed,
    growing,
    look_until,
    wait_until,
)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves."""
    sleeps: list[float] = []
    monkeypatch.setattr(clock, "sleep", sleeps.append)
    monkeypatch.setattr(clock, "monotonic", lambda: sum(sleeps))
    return sleeps


def states(*them: str) -> Iterator[str]:
    yield from them
    while True:
        yield them[-1]


def test_what_is_ready_is_not_waited_for(slept: list[float]) -> None:
    assert wait_until("a volume", lambda: "created", lambda seen: seen == "created", timeout=60) == "created"
    assert slept == []


def test_it_looks_again_until_it_is_ready(slept: list[float]) -> None:
    seen = states("creating", "hydrating", "created")
    assert wait_until("a volume", lambda: next(seen), lambda s: s == "created", timeout=60, every=5) == "created"
    assert slept == [5, 5]


def test_the_pause_may_grow_and_never_passes_the_deadline(slept: list[float]) -> None:
    pauses = iter([1.0, 2.0, 4.0, 8.0])
    with pytest.raises(TimedOut):
        wait_until("it", lambda: 0, bool, timeout=5, every=lambda: next(pauses))
    assert slept == [1, 2, 2]


def test_without_a_timeout_it_looks_once(slept: list[float]) -> None:
    looks: list[int] = []
    with pytest.raises(TimedOut):
        wait_until("it", lambda: looks.append(1), bool, timeout=0)
    assert (len(looks), slept) == (1, [])


def test_what_takes_too_long_says_what_was_waited_for_its_last_state_and_how_long(slept: list[float]) -> None:
    with pytest.raises(TimedOut) as raised:
        wait_until(
            "a volume that can be mounted",
            lambda: "hydrating",
            lambda _seen: False,
            timeout=600,
            where="volume data of my-app",
            state=lambda seen: seen,
            todo="Run again",
        )
    error = raised.value
    assert str(error) == (
        "volume data of my-app: timed out after 600 s waiting for a volume that can be mounted: "
        "its last state: hydrating. Run again."
    )
    assert (error.seen, error.details["state"], error.details["elapsed"]) == ("hydrating", "hydrating", 600)


def test_a_permanent_reason_ends_the_wait_at_once(slept: list[float]) -> None:
    with pytest.raises(WaitFailed, match="no use in waiting for a certificate: the name has no address") as raised:
        wait_until(
            "a certificate", lambda: 1, lambda _n: False, timeout=600, permanent=lambda _n: "the name has no address"
        )
    assert slept == []
    assert not isinstance(raised.value, TimedOut)


def test_progress_is_shown_on_change_and_else_every_half_minute(slept: list[float]) -> None:
    lines: list[str] = []
    seen = iter(["creating", *["hydrating"] * 40, "created"])
    wait_until(
        "a volume",
        lambda: next(seen),
        lambda s: s == "created",
        timeout=600,
        every=2,
        where="volume data",
        state=lambda s: s,
        progress=lines.append,
    )
    assert lines == [
        "volume data: waiting for a volume: creating, 0 s",
        "volume data: waiting for a volume: hydrating, 2 s",
        "volume data: waiting for a volume: hydrating, 32 s",
        "volume data: waiting for a volume: hydrating, 62 s",
    ]


def test_what_a_look_raises_goes_through(slept: list[float]) -> None:
    with pytest.raises(ZeroDivisionError):
        wait_until("it", lambda: 1 / 0, bool, timeout=600)


def test_the_last_look_is_returned_ready_or_not(slept: list[float]) -> None:
    seen = states("creating", "hydrating")
    assert look_until("a volume", lambda: next(seen), lambda s: s == "created", timeout=5) == "hydrating"
    assert slept == [2, 2, 1]


def test_pauses_grow_up_to_the_longest() -> None:
    pause = growing(1.0, 3.0)
    assert [pause() for _turn in range(5)] == [1.0, 1.5, 2.25, 3.0, 3.0]
