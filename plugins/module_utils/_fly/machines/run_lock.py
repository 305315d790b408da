# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time changes an app: a lock with an owner and an expiry, on the app's volume.

It is the file `.ansible-run.lock` on the volume, taken by a command in the machine, because nothing else on Fly.io
lasts as long: a machine's lease ends with the machine and makes Fly.io refuse other commands in it meanwhile, and
metadata cannot be written on a condition. The machine's clock is the only one that counts. A lock that a killed run
left expires.

Without a volume, or with no machine that runs, there is no lock. Machines have their leases then, and unique names.
Whoever waits for another run goes on waiting while that run has the machine down, until its lock would have expired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..._base import clock
from ..._base.errors import CollectionError
from ..._base.waiting import TimedOut, look_until, wait_until
from ..client.api import MachinesApi
from ..client.errors import FlyError, LeaseHeld
from ..client.types import Machine
from .deployed import is_deployed
from .remote_files import ON_ITS_WAY, RemoteFiles

TTL = 300
"""Seconds after which a lock expires that its run neither renews nor releases."""
_SETTLES = 30.0
_PAUSE = 2.0

# A folder can be made once, so whoever makes `guard` is alone with the lock for some milliseconds; one that a killed
# shell left is removed after a minute. Prints "none", "ours", or "held", the expiry and the owner.
_TAKE = """
set -u
volume=$1 ttl=$2 id=$3 owner=$4 over=$5
[ -d "$volume" ] && [ -w "$volume" ] || { echo none; exit 0; }
umask 022  # a backup that the gateway's user makes reads the whole volume
lock=$volume/.ansible-run.lock guard=$volume/.ansible-run.guard tries=0
until mkdir -- "$guard" 2>/dev/null; do
  if [ -n "$(find "$guard" -maxdepth 0 -mmin +1 2>/dev/null)" ]; then rmdir -- "$guard" 2>/dev/null; fi
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || { [ -d "$guard" ] && echo busy || echo none; exit 0; }
  sleep 0.1
done
trap 'rmdir -- "$guard"' EXIT
now=$(date +%s)
if [ -f "$lock" ] && [ "$over" != over ]; then
  { read -r expires; read -r holder; read -r name; } < "$lock" || expires=0
  case $expires in ''|*[!0-9]*) expires=0 ;; esac
  if [ "$holder" != "$id" ] && [ "$expires" -gt "$now" ]; then
    printf 'held\\n%s\\n%s\\n' "$((expires - now))" "$name"
    exit 0
  fi
fi
if [ "$ttl" -eq 0 ]; then
  rm -f -- "$lock"
else
  printf '%s\\n%s\\n%s\\n' "$((now + ttl))" "$id" "$owner" > "$lock.new" || { rm -f -- "$lock.new"; echo none; exit 0; }
  mv -f -- "$lock.new" "$lock"
fi
echo ours
"""


@dataclass(frozen=True)
class Owner:
    """Who holds a lock."""

    id: str
    """The same for all tasks of a run, and for no other run."""
    name: str
    """For people: user, host, process, since when. In one line."""
    note: Path | None = None
    """A file that is there while the run holds the lock. Without one it holds the lock for one task only."""


@dataclass(frozen=True)
class Held:
    """Another run's lock."""

    owner: str
    expires_in: float


class LockHeld(CollectionError):
    """Another run holds the app, and did so for as long as this one waited."""


class RunLock:
    """The lock of one app. Called, it is a context that yields whether another run was waited for."""

    def __init__(
        self, api: MachinesApi, app: str, owner: Owner, timeout: float, progress: Callable[[str], None]
    ) -> None:
        self._api, self._app, self._owner = api, app, owner
        self._timeout, self._progress = timeout, progress
        self._taken = False

    @contextmanager
    def __call__(self) -> Iterator[bool]:
        waited = self._acquire()
        try:
            yield waited
        finally:
            if self._taken and not self._owner.note:
                self._release()

    def release(self) -> bool:
        """Let the next run in, if this one holds the lock; whether it did."""
        note = self._owner.note
        if note is None or not note.exists():
            return False
        self._release()
        note.unlink(missing_ok=True)
        return True

    def follow(self, machine: Machine) -> None:
        """Hold the lock on this new machine's volume, whatever lock of the past its snapshot had."""
        with suppress(CollectionError):  # that one expires
            self._take(machine, TTL, over=True)
            self._note()

    def leave(self, machine: str) -> None:
        """Release a task's lock that is in this machine, which is about to go down: afterwards nobody can."""
        if self._taken and not self._owner.note:
            self._release(machine)

    def _release(self, only: str = "") -> None:
        with suppress(CollectionError):  # it expires
            place = self._place()
            if place and only in ("", place["id"]):
                self._take(place, 0)

    def _acquire(self) -> bool:
        if self._settled() is None:
            return False
        waited, until = False, 0.0
        last: Held | None = None

        def look() -> Held | None:
            nonlocal waited, last, until
            found = self._attempt()
            if found is None and not self._taken and clock.monotonic() < until and self._mounting():
                return last  # that run has the machine down
            if found:
                waited, last, until = True, found, clock.monotonic() + found.expires_in
            return found

        try:
            wait_until(
                "another run to end",
                look,
                lambda held: held is None,
                timeout=self._timeout,
                every=_PAUSE,
                where=f"app {self._app}",
                state=lambda held: f"it is held by {held.owner}" if held else "",
                progress=self._progress,
            )
        except TimedOut as error:
            raise self._held(error.seen) from None
        self._note()
        return waited

    def _note(self) -> None:
        if self._taken and self._owner.note:
            self._owner.note.touch()

    def _held(self, held: Held) -> LockHeld:
        until = clock.text(clock.now() + held.expires_in)
        return LockHeld(
            f"another run holds the app, and did not end within {self._timeout:.0f} s",
            where=f"app {self._app}",
            why=f"it is held by {held.owner}, until {until} unless that run goes on",
            todo="Let that run end and run again, or give it more time with lock_timeout",
            owner=held.owner,
            expires_in=held.expires_in,
        )

    def _attempt(self) -> Held | None:
        """The lock is ours, or there is none to take: None. Else who has it."""
        place = self._place()
        if place is None:
            return None
        try:
            return self._take(place, TTL)
        except LeaseHeld as error:
            return Held(error.why, 0.0)  # it changes the machine just now
        except FlyError:
            return None  # no command can be run there, so no other run holds it in this way either

    def _take(self, machine: Machine, ttl: int, over: bool = False) -> Held | None:
        arguments = [_mount(machine), str(ttl), self._owner.id, self._owner.name, "over" if over else ""]
        answer = RemoteFiles(self._api, self._app, machine["id"]).run(["sh", "-c", _TAKE, "sh", *arguments], safe=True)
        word, *rest = str(answer["stdout"]).splitlines() or ["none"]
        if word == "held" and len(rest) >= 2:
            return Held(rest[1], float(rest[0]))
        self._taken = word == "ours" and ttl > 0
        return Held("a run that takes the lock just now", 0.0) if word == "busy" else None

    def _place(self) -> Machine | None:
        """The running machine with a volume."""
        return next((machine for machine in self._mounting() if machine.get("state") == "started"), None)

    def _settled(self) -> Machine | None:
        """A machine with a volume that another run starts or updates just now is waited for, if it takes not long."""

        def started(machines: list[Machine]) -> Machine | None:
            return next((machine for machine in machines if machine.get("state") == "started"), None)

        machines = look_until(
            "its machine to start",
            self._mounting,
            lambda seen: bool(started(seen)) or not any(machine.get("state") in ON_ITS_WAY for machine in seen),
            timeout=_SETTLES,
            every=_PAUSE,
            where=f"app {self._app}",
            progress=self._progress,
        )
        return started(machines)

    def _mounting(self) -> list[Machine]:
        found = [machine for machine in self._api.machines(self._app) or [] if is_deployed(machine) and _mount(machine)]
        return sorted(found, key=lambda machine: str(machine["id"]))


def _mount(machine: Machine) -> str:
    mounts = (machine.get("config") or {}).get("mounts") or []
    return str(mounts[0].get("path") or "") if mounts else ""
