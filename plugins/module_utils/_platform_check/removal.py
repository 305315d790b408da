# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove everything that a check made, whatever ended it, and what an earlier one could not."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from .._base.errors import CollectionError
from .._base.waiting import look_until
from .wire import Asked, GuardedTransport

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TIMEOUT = 300.0
_HOPELESS = (401, 403)
"""Statuses that do not change by waiting: the token was revoked."""
_SURE = 6.0
"""Seconds for which an app whose creation got no answer may still appear."""


class Interrupted(BaseException):
    """A signal came. No `except Exception` holds it up."""


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Raise `Interrupted` in the block at the first signal. What is given ends that: from then on they are ignored,
    so that a second one does not keep the block from removing what it made."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return

    def interrupt(number: int, _frame: FrameType | None) -> None:
        ignore()
        raise Interrupted(signal.Signals(number).name)

    def ignore() -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)

    before = {each: signal.getsignal(each) for each in _SIGNALS}
    try:
        for each in _SIGNALS:
            signal.signal(each, interrupt)
        yield ignore
    finally:
        for each, handler in before.items():
            signal.signal(each, handler if handler is not None else signal.SIG_DFL)


@dataclass(frozen=True)
class Removal:
    """Removes one app. `report` is told what goes on."""

    wire: GuardedTransport
    app: str
    report: Callable[[str], None]

    def run(self, *, uncertain: bool = False) -> bool:
        """Remove the app; return whether there was one. Raises when something is left.

        `uncertain`: its creation got no answer, so it may appear yet.
        """
        if not self._exists(uncertain):
            return False
        self._report(f"removing {self.app}")
        last = look_until(
            "the app to be gone", self._step, lambda seen: seen.status in (404, *_HOPELESS), timeout=_TIMEOUT
        )
        if last.status != 404:
            raise CollectionError(
                "the check's app could not be removed",
                where=f"app {self.app}",
                why=last.text or f"it still exists ({last})",
                todo=f"Remove it: fly apps destroy {self.app} --yes. The next check removes it too",
            )
        self._report(f"{self.app} is removed")
        return True

    def _exists(self, uncertain: bool) -> bool:
        seen = look_until(
            "the app to appear",
            lambda: self._ask("GET", "").status,
            lambda status: status != 404,
            timeout=_SURE if uncertain else 0.0,
        )
        return seen != 404

    def _step(self) -> Asked:
        """Machines first, then their volumes, then the app: what is refused now is tried again."""
        for machine in self._ask("GET", "/machines").list:
            if machine.get("state") != "destroyed":
                self._ask("DELETE", f"/machines/{machine.get('id')}?force=true")
        for volume in self._ask("GET", "/volumes").list:
            if volume.get("state") not in ("pending_destroy", "destroyed", "destroying"):
                self._ask("DELETE", f"/volumes/{volume.get('id')}")
        self._ask("DELETE", "")
        return self._ask("GET", "")

    def _ask(self, method: str, path: str) -> Asked:
        path, _mark, query = path.partition("?")
        return self.wire.ask(
            method, f"/v1/apps/{self.app}{path}", query={"force": "true"} if query else None, timeout=30.0
        )

    def _report(self, line: str) -> None:
        with suppress(OSError, ValueError):  # who listened may be gone; removing goes on
            self.report(line)
