# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's client devices."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._converge.resource import Change, Resource
from .._fly.client.api import MachinesApi
from .._gateway.calls import call
from .._gateway.cli import GatewayCli
from .._openclaw import devices
from .._openclaw.devices import DeviceList, PairedDevice, PendingDevice, Policy

_PAUSE = 3.0
"""Between looks while waiting: each is a process of its own in the machine."""


@dataclass(frozen=True)
class WantedDevices:
    """`state` is "listed", "approved" (exactly `request_id`, or all that `policy` allows), or for `device_id` "absent",
    "labelled", "revoked" or "rotated".
    """

    app: str
    state: str = "listed"
    request_id: str | None = None
    device_id: str | None = None
    label: str | None = None
    policy: Policy | None = None
    owner: str = "1000:1000"
    """Numeric user and group that asks in the machine."""
    timeout: float = 0.0
    """With "listed", seconds to wait for a request."""


class Devices(Resource[DeviceList]):
    def __init__(self, api: MachinesApi, context: Context, wanted: WantedDevices) -> None:
        self._api, self._context, self._wanted = api, context, wanted
        self._timeout = wanted.timeout if wanted.state == "listed" else 0.0
        self._done: set[str] = set()

    @property
    def title(self) -> str:
        return f"devices of {self._wanted.app}"

    def observe(self) -> DeviceList:
        began = clock.monotonic()
        while True:
            found = self._list()
            elapsed = clock.monotonic() - began
            if found.pending or elapsed >= self._timeout:
                return found
            self._context.progress(f"{self.title}: no pending request yet, {elapsed:.0f} s")
            clock.sleep(_PAUSE)

    def plan(self, observed: DeviceList) -> list[Change]:
        if self._wanted.state == "approved" and self._wanted.request_id:
            return self._approval(observed, self._wanted.request_id)
        if self._wanted.state == "approved" and self._wanted.policy:
            return [
                self._approve(device)
                for device in self._wanted.policy.allowed(observed.pending)
                if self._is_new(device)
            ]
        there = [device for device in observed.paired if device.device_id == self._wanted.device_id]
        return [change for device in there for change in self._to_paired(device)]

    def _is_new(self, device: PendingDevice) -> bool:
        return device.request_id not in self._done

    def _to_paired(self, device: PairedDevice) -> list[Change]:
        identity, before = device.device_id, asdict(device)
        if self._wanted.state == "absent":
            return [Change(f"remove {identity}", before, None, lambda: self._call(devices.remove_argv(identity)))]
        if self._wanted.state == "labelled" and self._wanted.label and device.label != self._wanted.label:
            label, after = self._wanted.label, {**before, "label": self._wanted.label}
            argv = devices.rename_argv(identity, label)
            return [Change(f"label {identity} {label}", before, after, lambda: self._call(argv))]
        if self._wanted.state in ("revoked", "rotated") and identity not in self._done:
            verb = {"revoked": "revoke", "rotated": "rotate"}[self._wanted.state]
            wanted = devices.revoke_argv if self._wanted.state == "revoked" else devices.rotate_argv
            argv = wanted(identity, device.role or "operator")
            return [Change(f"{verb} the token of {identity}", None, None, lambda: self._once(identity, argv))]
        return []

    def describe(self, observed: DeviceList) -> dict[str, Any]:
        return {
            "pending": [asdict(device) for device in observed.pending],
            "paired": [asdict(device) for device in observed.paired],
            "pending_lines": [
                f"{d.request_id}: {d.display_name or d.client_id} on {d.platform or '?'} from {d.remote_ip or '?'}"
                for d in observed.pending
            ],
        }

    def _approval(self, observed: DeviceList, request: str) -> list[Change]:
        if request in self._done:
            return []
        if self._wanted.device_id and any(device.device_id == self._wanted.device_id for device in observed.paired):
            return []
        return [self._approve(observed.choose(request, self._wanted.device_id))]

    def _approve(self, pending: PendingDevice) -> Change:
        request = pending.request_id
        argv = devices.approve_argv(request)
        return Change(f"approve {request}", None, asdict(pending), lambda: self._once(request, argv))

    def _list(self) -> DeviceList:
        """Asked over the gateway's protocol; by its command line, in ten times the time, where that is not answered."""
        cli, payload = self._cli(), None
        with contextlib.suppress(CollectionError):
            _release, (answer,) = call(cli, [("device.pair.list", {})])
            payload = answer.payload
        return devices.parse(payload or cli.json(*devices.list_argv()[1:]))

    def _once(self, what: str, argv: list[str]) -> None:
        self._call(argv)
        self._done.add(what)

    def _call(self, argv: list[str]) -> None:
        answer = self._cli().run(*argv[1:])
        if answer["exit_code"]:
            said = (answer["stderr"] or answer["stdout"]).strip()[-500:]
            raise CollectionError(f"openclaw {' '.join(argv[1:3])} failed", where=self.title, why=said)

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._wanted.app, self._wanted.owner)
