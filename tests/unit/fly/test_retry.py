"""Whether a request is sent again: the whole table."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.retry import (
    QUEUE,
    Failure,
    Retry,
    Verdict,
    retry_after,
)

AGAIN, RAISE, LOST = Verdict.AGAIN, Verdict.RAISE, Verdict.LOST


class Clock:
    time = 1_000_000.0


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    moved = Clock()
    monkeypatch.setattr(clock, "monotonic", lambda: moved.time)
    monkeypatch.setattr(clock, "now", lambda: moved.time)
    yield moved


@pytest.mark.parametrize(
    ("failure", "safe", "before", "verdict"),
    [
        (Failure.NOT_SENT, True, 0, AGAIN),
        (Failure.NOT_SENT, False, 0, AGAIN),
        (Failure.NOT_SENT, True, 2, RAISE),
        (Failure.NOT_SENT, False, 2, RAISE),
        (Failure.BROKEN, True, 0, AGAIN),
        (Failure.BROKEN, True, 2, RAISE),
        (Failure.BROKEN, False, 0, LOST),
        (Failure.BROKEN, False, 2, LOST),
        (Failure.SERVER, True, 1, AGAIN),
        (Failure.SERVER, True, 2, RAISE),
        (Failure.SERVER, False, 0, LOST),
        (Failure.LIMITED, True, 2, AGAIN),
        (Failure.LIMITED, False, 2, AGAIN),
        (Failure.FINAL, True, 0, RAISE),
        (Failure.FINAL, False, 0, RAISE),
    ],
)
def test_a_failure(failure: Failure, safe: bool, before: int, verdict: Verdict) -> None:
    retry = Retry(limit=2, safe=safe)
    for _time in range(before):
        assert retry.after(Failure.NOT_SENT) is AGAIN
    assert retry.after(failure) is verdict


def test_pauses_grow_and_end() -> None:
    retry = Retry(limit=9, safe=True, jitter=lambda: 1.0)
    pauses = []
    while retry.after(Failure.SERVER) is AGAIN:
        pauses.append(retry.pause)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("waited", "asked", "verdict", "pause"),
    [
        (0, None, AGAIN, 0.2),
        (0, 7, AGAIN, 7.2),
        (0, QUEUE, AGAIN, 60.0),
        (0, QUEUE + 1, RAISE, 0.0),
        (0, 31_536_000, RAISE, 0.0),
        (QUEUE - 1, 30, AGAIN, 30.2),
        (QUEUE + 1, None, RAISE, 0.0),
        (QUEUE + 1, 1, RAISE, 0.0),
    ],
)
def test_a_queue(at: Clock, waited: float, asked: float | None, verdict: Verdict, pause: float) -> None:
    retry = Retry(limit=0, safe=False, jitter=lambda: 1.0)
    at.time += waited
    assert retry.after(Failure.LIMITED, asked) is verdict
    assert retry.pause == pytest.approx(pause)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("9" * 400, None),
        (formatdate(1_000_008, usegmt=True), 8.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("Fri, 99 Foo 2026 10:00:00 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value) == seconds
