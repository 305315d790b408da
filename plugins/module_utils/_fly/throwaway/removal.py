# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove a throw-away app with all that is in it, whatever state it is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..._base.errors import CollectionError
from ..._base.waiting import look_until
from ..client.api import MachinesApi
from ..client.errors import Forbidden, NotFound, Unauthorized
from ..machines.deployed import is_live
from ..volumes.pick import volumes
from .signals import Interrupted, interruptible

_TIMEOUT = 300.0
_SURE = 6.0
"""Seconds for which an app whose creation got no answer may still appear."""
_HOPELESS = (Forbidden, Unauthorized)
"""What does not change by waiting: the token was revoked."""


@dataclass(frozen=True)
class Removal:
    """Removes one app. `report` is told what goes on."""

    api: MachinesApi
    app: str
    report: Callable[[str], None]

    def run(self, *, uncertain: bool = False) -> bool:
        """Remove the app; return whether there was one. Raises when something is left.

        `uncertain`: its creation got no answer, so it may appear yet.
        """
        if not self._exists(uncertain):
            return False
        self._report(f"removing {self.app}")
        left = look_until(
            "the app to be gone",
            self._step,
            lambda seen: seen is None or isinstance(seen, _HOPELESS),
            timeout=_TIMEOUT,
        )
        if left is not None:
            raise CollectionError(
                "the throw-away app could not be removed",
                where=f"app {self.app}",
                why=left.why or left.what,
                todo=f"Remove it: fly apps destroy {self.app} --yes. A later run removes it too, once it has expired",
            )
        self._report(f"{self.app} is removed")
        return True

    def _exists(self, uncertain: bool) -> bool:
        seen = look_until("the app to appear", self._look, lambda there: there, timeout=_SURE if uncertain else 0.0)
        return bool(seen)

    def _look(self) -> bool:
        """Whether it exists, or may: what is not known is removed."""
        try:
            return self.api.app(self.app) is not None
        except CollectionError:
            return True

    def _step(self) -> CollectionError | None:
        """Machines first, then their volumes, then the app: what is refused now is tried again.

        None when it is gone, else why it is not.
        """
        try:
            for machine in self.api.machines(self.app) or []:
                if is_live(machine):
                    with suppress(CollectionError):
                        self.api.destroy_machine(self.app, machine["id"], None)
            for volume in volumes(self.api, self.app):
                with suppress(CollectionError):
                    self.api.delete_volume(self.app, volume["id"])
            with suppress(NotFound):
                self.api.delete_app(self.app)
            gone = self.api.app(self.app) is None
        except CollectionError as error:
            return error
        return None if gone else CollectionError("it still exists")

    def _report(self, line: str) -> None:
        with suppress(OSError, ValueError):  # who listened may be gone; removing goes on
            self.report(line)


@contextmanager
def removed_afterwards(api: MachinesApi, app: str, report: Callable[[str], None]) -> Iterator[None]:
    """Remove the app when the block ends, in whatever way: by an error or by a signal. The block creates it."""
    with interruptible() as ignore_signals:
        failure: BaseException | None = None
        try:
            yield
        except Interrupted as signal:
            failure = CollectionError(
                f"the task was interrupted by {signal}",
                where=f"app {app}",
                why="the throw-away app with all that was in it is removed",
                todo="Run it again",
            )
        except BaseException as error:
            failure = error
        ignore_signals()
        try:
            Removal(api, app, report).run(uncertain=failure is not None)
        except CollectionError as left:
            if failure is None:
                raise
            report(str(left))
        if failure is not None:
            raise failure
