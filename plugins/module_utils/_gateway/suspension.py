# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway that is suspended: it starts no new work until its lease is given back (docs/gateway/external-apps).

The lease ends by itself after two minutes, so a run that was killed leaves no gateway closed. An identical request
renews it. While it lasts the gateway refuses every other method and every probe but /healthz.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from .._base import clock
from .._base.errors import CollectionError
from .._base.waiting import TimedOut, wait_until
from .._openclaw.paths import get
from .calls import CallResult, Conversation, converse
from .cli import GatewayCli

PREPARE: Final = "gateway.suspend.prepare"
RESUME: Final = "gateway.suspend.resume"
SUSPENDING: Final = "gateway-suspending"
"""The reason for which a suspended gateway refuses other methods."""
_CONFLICT: Final = "gateway-suspension-conflict"
_RECOVERING: Final = "scheduler-resume-failed"
RENEW_AFTER: Final = 40.0
"""Seconds: a third of the lease, so that two renewals may fail."""
_PAUSE: Final = 4.0
"""Seconds: the gateway takes 30 requests a minute."""


class Suspension:
    """One lease on a gateway's suspension."""

    def __init__(self, cli: GatewayCli, where: str, progress: Callable[[str], None]) -> None:
        self._cli, self._where, self._progress = cli, where, progress
        self._request = f"openclaw.fly-{secrets.token_hex(8)}"
        self._id = ""
        self._asked = False
        self._renewed = 0.0

    def prepare(self, timeout: float) -> None:
        """Wait until the gateway has ended what it does and starts nothing new. Raises after `timeout` seconds."""
        try:
            wait_until(
                "the gateway to be suspended",
                self._prepare,
                lambda seen: seen.get("status") == "ready",
                timeout=timeout,
                every=_PAUSE,
                where=self._where,
                state=_state,
                progress=self._progress,
            )
        except TimedOut as error:
            raise self._not_suspended(error.seen, timeout) from None

    def renew(self) -> None:
        """Renew the lease, if it is due. Raises when it had ended."""
        if clock.monotonic() - self._renewed < RENEW_AFTER:
            return
        before = self._id
        if self._prepare().get("status") != "ready" or self._id != before:
            raise self._ended()

    def resume(self) -> None:
        """Let the gateway work again. Raises when the lease had ended before."""
        answer = self._call(RESUME, {"suspensionId": self._id})
        if get(answer.payload, "resumed") is not True:
            raise self._ended()

    def abandon(self) -> None:
        """Let the gateway work again, whatever became of the lease."""
        if not self._id and self._asked:
            self._prepare()  # its answer was lost: the same request returns the same lease
        if self._id:
            self._call(RESUME, {"suspensionId": self._id})

    def _prepare(self) -> Mapping[str, object]:
        self._asked = True
        answer = self._call(PREPARE, {"requestId": self._request, "drain": True})
        if answer.reason in (_CONFLICT, _RECOVERING):
            return {"status": answer.reason}
        if answer.refusal:
            raise CollectionError("the gateway cannot be suspended", where=self._where, why=answer.refusal)
        lease: Mapping[str, object] = answer.payload or {}
        self._id, self._renewed = str(lease.get("suspensionId") or self._id), clock.monotonic()
        return lease

    def _call(self, method: str, params: Mapping[str, object]) -> CallResult:
        (answer,) = converse(self._cli, [(method, params)], safe=True).answers
        return answer

    def _not_suspended(self, seen: Mapping[str, object], timeout: float) -> CollectionError:
        if seen.get("status") == _CONFLICT:
            return _held(self._where, timeout)
        return CollectionError(
            "the gateway is busy",
            where=self._where,
            why=f"what it does did not end within {timeout:.0f} s: {_state(seen)}. It was resumed",
            todo="Run again when it has less to do, raise drain_timeout, or set quiesce: stop to stop its machine",
        )

    def _ended(self) -> CollectionError:
        return CollectionError(
            "the gateway's suspension ended too early",
            where=self._where,
            why="the gateway restarted, its lease was not renewed in time, or another client resumed it",
            todo="Run again: a snapshot that was made meanwhile may not be consistent",
        )


@contextmanager
def suspended(
    cli: GatewayCli, where: str, timeout: float, progress: Callable[[str], None], once_quiet: Callable[[], object]
) -> Iterator[Callable[[], None]]:
    """Suspend the gateway for as long as the block lasts; it gets what renews the lease, to be called now and then.

    `once_quiet` is called before the block. Raises when the gateway was not suspended all the time. Whatever ends the
    block, the gateway is resumed.
    """
    suspension = Suspension(cli, where, progress)
    try:
        suspension.prepare(timeout)
        once_quiet()
        yield suspension.renew
    except BaseException:
        try:
            suspension.abandon()
        except CollectionError as error:
            progress(f"{where}: not resumed, the lease ends by itself within two minutes: {error.what}")
        raise
    suspension.resume()


def fenced(said: Conversation) -> bool:
    """Whether the gateway refused to answer because it is suspended."""
    return any(answer.reason == SUSPENDING for answer in said.answers)


def until_open(
    ask: Callable[[], Conversation], where: str, timeout: float, progress: Callable[[str], None]
) -> Conversation:
    """Wait until the gateway answers, which another client has suspended."""
    try:
        return wait_until(
            "another client to resume the gateway",
            ask,
            lambda said: not fenced(said),
            timeout=timeout,
            every=_PAUSE,
            where=where,
            progress=progress,
        )
    except TimedOut:
        raise _held(where, timeout) from None


def _held(where: str, timeout: float) -> CollectionError:
    return CollectionError(
        "another client has suspended the gateway",
        where=where,
        why=f"it did not resume it within {timeout:.0f} s; a suspension that is not renewed ends after 120 s",
        todo="Let that client resume it (openclaw gateway resume), then run again",
    )


def _state(seen: Mapping[str, Any]) -> str:
    """In counts only: a blocker's message may hold what somebody wrote."""
    status = seen.get("status")
    if status == _CONFLICT:
        return "another client holds its suspension"
    if status == _RECOVERING:
        return "its scheduler starts again"
    blockers = [f"{each.get('count')} {each.get('kind')}" for each in seen.get("blockers") or ()]
    return ", ".join(blockers) or str(status)
