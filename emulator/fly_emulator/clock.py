"""The clock of the platform: TTLs, rates, restart windows, checks and waits go through it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time


class Clock:
    """Wall time plus what was added by `advance`; with `running=False` only `advance` moves it."""

    def __init__(self, running: bool = True) -> None:
        self.running = running
        self._offset = 0.0
        self._frozen_at = time.time()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._sequence = itertools.count()

    def now(self) -> float:
        """Unix seconds."""
        return (time.time() if self.running else self._frozen_at) + self._offset

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`; whoever slept until then wakes up."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self._offset += seconds
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Sleep by this clock."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        due = self.now() + seconds
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (due, next(self._sequence), future))
        timer = loop.call_later(seconds, self._settle, future) if self.running else None
        try:
            await future
        finally:
            if timer is not None:
                timer.cancel()
            future.cancel()

    async def within(self, seconds: float, event: asyncio.Event) -> bool:
        """Wait for `event`, at most `seconds`; return whether it came."""
        waiting = asyncio.ensure_future(event.wait())
        sleeping = asyncio.ensure_future(self.sleep(seconds))
        try:
            await asyncio.wait({waiting, sleeping}, return_when=asyncio.FIRST_COMPLETED)
            return event.is_set()
        finally:
            for task in (waiting, sleeping):
                task.cancel()
            await asyncio.gather(waiting, sleeping, return_exceptions=True)

    def _wake(self) -> None:
        now = self.now()
        while self._sleepers and (self._sleepers[0][0] <= now or self._sleepers[0][2].done()):
            self._settle(heapq.heappop(self._sleepers)[2])

    @staticmethod
    def _settle(future: asyncio.Future[None]) -> None:
        if not future.done():
            future.set_result(None)
