"""An emulator beside synchronous code."""

from __future__ import annotations

import asyncio
import threading

from .server import Emulator
from .settings import Settings


class EmulatorThread:
    """An emulator in a thread of its own, for synchronous tests: `with EmulatorThread(settings) as emulator:`."""

    def __init__(self, settings: Settings) -> None:
        self.emulator = Emulator(settings)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="fly-emulator", daemon=True)

    @property
    def api_url(self) -> str:
        return self.emulator.api_url

    def __enter__(self) -> EmulatorThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return when it serves; raises what kept it from that."""
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def stop(self) -> None:
        """Stop the machines and everything else; return when done."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            self._error = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        async with self.emulator:
            self._ready.set()
            await self._stop.wait()
