"""Image pulls: one at a time for each reference, its progress told to all who wait for it."""

from __future__ import annotations

import asyncio

from ..images.base import Image, ImageCatalog, Progress


class Pulls:
    def __init__(self, images: ImageCatalog) -> None:
        self._images = images
        self._running: dict[str, tuple[asyncio.Task[Image], list[Progress]]] = {}

    def begin(self, reference: str, progress: Progress | None = None) -> asyncio.Task[Image]:
        """Return the pull of this reference, joining one that runs; it raises ImageNotFound."""
        if reference not in self._running:
            listeners: list[Progress] = []

            def tell(line: str) -> None:
                for listener in listeners:
                    listener(line)

            task = asyncio.ensure_future(self._images.resolve(reference, tell))
            self._running[reference] = (task, listeners)
            task.add_done_callback(lambda done: self._ended(reference, done))
        task, listeners = self._running[reference]
        if progress is not None:
            listeners.append(progress)
        return task

    async def close(self) -> None:
        tasks = [task for task, _ in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, reference: str, task: asyncio.Task[Image]) -> None:
        self._running.pop(reference, None)
        if not task.cancelled():
            task.exception()  # whoever waits gets it; nobody may be waiting any more
