"""Parts that need no emulator: the clock, durations, the restart window."""

from __future__ import annotations

import asyncio

import pytest

from fly_emulator import durations
from fly_emulator.clock import Clock
from fly_emulator.machines.restart import RestartPolicy
from fly_emulator.runtime.base import Exit


@pytest.mark.parametrize(
    ("text", "seconds"), [("15s", 15), ("1m30s", 90), ("1.5h", 5400), ("200ms", 0.2), ("5", 5), (7, 7)]
)
def test_durations(text: object, seconds: float) -> None:
    assert durations.parse(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "5 s", "1m5", None, True])
def test_bad_durations(text: object) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        durations.parse(text)


def test_ten_restarts_in_five_minutes_and_no_more() -> None:
    policy = RestartPolicy({})
    failed = Exit(78)
    assert [policy.again(failed, now) for now in range(11)] == [True] * 10 + [False]
    assert policy.again(failed, 301.5)  # the first two have left the window
    assert policy.again(failed, 301.6)
    assert not policy.again(failed, 301.7)
    assert not RestartPolicy({}).again(Exit(0), 0)
    assert RestartPolicy({"restart": {"policy": "always"}}).again(Exit(0), 0)


def test_a_stopped_clock_moves_only_when_told() -> None:
    async def scenario() -> None:
        clock = Clock(running=False)
        begun = clock.now()
        sleeping = asyncio.ensure_future(clock.sleep(30))
        await asyncio.sleep(0.05)
        assert clock.now() == begun
        clock.advance(29)
        await asyncio.sleep(0.01)
        assert not sleeping.done()
        clock.advance(1)
        await asyncio.wait_for(sleeping, 60)
        assert clock.now() == begun + 30
        with pytest.raises(ValueError, match="forward"):
            clock.advance(-1)
        event = asyncio.Event()
        waiting = asyncio.ensure_future(clock.within(10, event))
        await asyncio.sleep(0)
        event.set()
        assert await waiting

    asyncio.run(scenario())
