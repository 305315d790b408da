# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to an app's machines: each under the machine's lease, behind the health gate, undone when it fails there."""

from __future__ import annotations

from collections.abc import Callable

from ..._base import clock
from ..._base.errors import CollectionError
from ..._base.printable import one_line
from ..._base.waiting import TimedOut, wait_until
from ..client.api import MachinesApi
from ..client.errors import LostAnswer, WrongState
from ..client.types import Machine
from .config import in_maintenance
from .gate import AT_REST, Gate, GateFailed
from .leases import Lease
from .pushed_image import once_visible
from .secrets_version import with_secrets

DOWN = ("created", "stopped", "suspended", "failed", "stopping", "suspending")
"""States that a machine does not leave for `started` by itself; `created` may, when it was just made."""
_COMING_UP = ("started", "starting", "replacing", "restarting", "updating", "creating")
_TIMEOUT = 60.0
_TRIES = 4


class MachineWriter:
    """Changes machines of one app."""

    def __init__(self, api: MachinesApi, gate: Gate, app: str) -> None:
        self._api, self._gate, self._app = api, gate, app

    def create(self, body: dict[str, object]) -> Machine:
        """Create a machine and wait until it is healthy; a machine that could not be placed holds no volume."""
        return self._gate.wait(self._deliver(body, lambda sent: self._api.create_machine(self._app, sent)))

    def update(
        self, identity: str, reshape: Callable[[dict[str, object]], dict[str, object]], *, launch: bool = True
    ) -> Machine:
        """Give it the configuration that `reshape` makes of the present one, and start it or let it rest.

        When it does not get healthy and the old one ran, the old one is put back. Raises `GateFailed` then.
        """
        with Lease(self._api, self._app, identity) as lease:
            current = self._api.machine(self._app, identity)
            old = current.get("config") or {}
            updated = self._send(current, reshape(old), lease, launch=launch)
            if not launch:
                return self._gate.wait_for_rest(identity, lease)
            try:
                return self._until_it_runs(updated, lease)
            except GateFailed as gate:
                failure = gate
            ran = current.get("state") == "started" and not in_maintenance(old)
            raise self._put_back(current, failure, lease) if ran else failure

    def start(self, identity: str) -> Machine:
        """Start it, whatever it is in the middle of, and wait until it is healthy."""
        with Lease(self._api, self._app, identity) as lease:
            try:
                wait_until(
                    "it to take a start",
                    lambda: self._start_refused(identity, lease),
                    lambda refused: refused is None,
                    timeout=_TIMEOUT,
                    every=1.0,
                    where=f"machine {identity}",
                )
            except TimedOut as error:
                raise error.seen from None
            return self._until_it_runs(self._api.machine(self._app, identity), lease)

    def _until_it_runs(self, machine: Machine, lease: Lease) -> Machine:
        """Wait until it is healthy, and start it as often as it is found at rest: a start may be dropped."""
        return self._gate.wait(machine, lease, start=lambda: self._start_refused(machine["id"], lease))

    def _start_refused(self, identity: str, lease: Lease) -> WrongState | None:
        """Start it; one that is on its way already refuses, and needs none."""
        try:
            self._api.act_on_machine(self._app, identity, "start", lease.nonce)
        except WrongState as error:
            coming = self._api.machine(self._app, identity).get("state") in _COMING_UP
            return None if coming else error
        except LostAnswer:
            return None  # the next look tells whether it started
        return None

    def restart(self, identity: str) -> Machine:
        with Lease(self._api, self._app, identity) as lease:
            self._api.act_on_machine(self._app, identity, "restart", lease.nonce)
            return self._gate.wait(self._api.machine(self._app, identity), lease)

    def halt(self, identity: str, action: str) -> None:
        """`action` is stop or suspend; returns when the machine is at rest."""
        self._api.before_down(identity)
        with Lease(self._api, self._app, identity) as lease:
            self._api.act_on_machine(self._app, identity, action, lease.nonce)
            self._gate.wait_for_rest(identity, lease, "suspended" if action == "suspend" else "stopped")

    def wait_until_ready(self, machine: Machine) -> Machine:
        """The machine once it is healthy or at rest: a run that was cut off may have left it on its way."""
        if machine.get("state") in AT_REST or self._gate.passed(machine):
            return machine
        return self._gate.wait(machine)

    def cordon(self, identity: str, cordoned: bool) -> None:
        """A cordoned machine gets no requests from Fly's proxy, and runs on."""
        with Lease(self._api, self._app, identity) as lease:
            self._api.act_on_machine(self._app, identity, "cordon" if cordoned else "uncordon", lease.nonce)

    def destroy(self, identity: str) -> None:
        """Destroy it; its volume stays."""
        self._api.before_down(identity)
        with Lease(self._api, self._app, identity) as lease:
            self._api.destroy_machine(self._app, identity, lease.nonce)

    def _send(self, machine: Machine, config: dict[str, object], lease: Lease, *, launch: bool = True) -> Machine:
        """Update, and look whether it happened when the answer is lost: the gate must see it through either way."""
        body: dict[str, object] = {"name": machine.get("name"), "region": machine.get("region"), "config": config}
        if not launch:
            body["skip_launch"] = True

        def update(sent: dict[str, object]) -> Machine:
            return self._api.update_machine(self._app, machine["id"], sent, lease.nonce)

        try:
            return self._deliver(body, update, lease.keep)
        except LostAnswer:
            current = self._api.machine(self._app, machine["id"])
            if current.get("instance_id") == machine.get("instance_id"):
                raise
            return current

    def _deliver(
        self,
        body: dict[str, object],
        send: Callable[[dict[str, object]], Machine],
        keep: Callable[[], None] = lambda: None,
    ) -> Machine:
        """Send it with the version of its secrets, and wait for the registry where its image was just pushed."""
        return with_secrets(body, lambda sent: once_visible(sent, send, keep, self._gate.progress))

    def _put_back(self, machine: Machine, failure: GateFailed, lease: Lease) -> GateFailed:
        """The old configuration ran: let it run again. Returns the error to raise."""
        for attempt in range(1, _TRIES + 1):
            try:
                now = self._api.machine(self._app, machine["id"])
                self._until_it_runs(self._send(now, machine["config"], lease), lease)
                restored = "the old configuration was put back and runs"
                break
            except CollectionError as error:
                again = isinstance(error, GateFailed)
                reason = error.what if again else one_line(str(error))
                restored = f"the old configuration was put back, but does not run either: {reason}"
                if again:
                    break
                clock.sleep(attempt)
        return GateFailed(
            f"{failure.what} with the new configuration; {restored}",
            where=failure.where,
            why=failure.why,
            todo=failure.todo,
            **failure.details,
        )
