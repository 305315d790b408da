# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's lease: held while its configuration is changed, kept alive, waited for, given back."""

from __future__ import annotations

import contextlib
import random
from types import TracebackType

from ..._base import clock
from ..._base.waiting import TimedOut, wait_until
from ..client import types
from ..client.api import MachinesApi
from ..client.errors import FlyError, LeaseHeld, LostAnswer

TTL = 30
"""Seconds; short, so that a killed run does not block the next one for long. Kept alive while we wait."""
DESCRIPTION = "openclaw.fly"


class Lease:
    """Hold a machine's lease in a `with` block; `nonce` goes with every write to the machine."""

    def __init__(self, api: MachinesApi, app: str, machine: str, timeout: float = 90.0) -> None:
        self._api, self._app, self._machine = api, app, machine
        self._timeout = timeout
        self._renewed = 0.0
        self.nonce = ""

    def __enter__(self) -> Lease:
        try:
            lease = wait_until(
                "its lease",
                self._acquired,
                lambda answer: not isinstance(answer, FlyError),
                timeout=self._timeout,
                # Those who wait for the same lease must not ask in step; acquiring is limited to once a second.
                every=lambda: random.uniform(1.0, 2.0),
            )
        except TimedOut as error:
            raise self._not_acquired(error.seen) from None
        if not isinstance(lease, FlyError):
            self._hold(lease["nonce"])
        self._renewed = clock.monotonic()
        return self

    def _hold(self, nonce: str) -> None:
        self.nonce = self._api.held[self._app, self._machine] = nonce

    def _acquired(self) -> types.Lease | FlyError:
        try:
            return self._api.acquire_lease(self._app, self._machine, TTL, DESCRIPTION, None)
        except (LeaseHeld, LostAnswer) as error:
            # One whose answer was lost may be ours under a nonce that we never learnt; it ends after TTL seconds.
            return error

    def _not_acquired(self, error: FlyError) -> FlyError:
        if not isinstance(error, LeaseHeld):
            return error
        return LeaseHeld(
            f"the machine was held by another run for {self._timeout:.0f} s",
            where=f"machine {self._machine} of {self._app}",
            why=error.why,
            todo="Let that run end, or wait until its lease expires, and run again",
            **error.details,
        )

    def keep(self) -> None:
        """Renew the lease when a third of it is gone; call this from every wait."""
        if clock.monotonic() - self._renewed > TTL / 3:
            with contextlib.suppress(LostAnswer):  # two more tries fit into the lease
                lease = self._api.acquire_lease(self._app, self._machine, TTL, DESCRIPTION, self.nonce)
                self._hold(lease["nonce"])  # another one when it had ended meanwhile
                self._renewed = clock.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._api.held.pop((self._app, self._machine), None)
        with contextlib.suppress(FlyError):  # it ends by itself
            self._api.release_lease(self._app, self._machine, self.nonce)
