# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals, held up until what a task made is removed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
