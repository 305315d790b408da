# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's client devices."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from functools import partial

from .._base.errors import CollectionError
from .._base.waiting import TimedOut, wait_until
from .._converge.context import Context
from .._converge.resource import Change, Plan, Refusal, Resource
from .._fly.client.api import MachinesApi
from .._gateway.calls import call
from .._gateway.cli import GatewayCli
from .._openclaw import devices
from .._openclaw.devices import DeviceList, PairedDevice, PendingDevice, Policy, UnknownRequest

_EVERY = 3.0
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

    @property
    def title(self) -> str:
        return f"devices of {self._wanted.app}"

    def observe(self) -> DeviceList:
        """Asked over the gateway's protocol; by its command line, in ten times the time, where that fails."""
        cli, payload = self._cli(), None
        with contextlib.suppress(CollectionError):
            _release, (answer,) = call(cli, [("device.pair.list", {})])
            payload = answer.payload
        return devices.parse(payload or cli.json(*devices.list_argv()[1:]))

    def plan(self, observed: DeviceList) -> Plan:
        wanted = self._wanted
        if wanted.state == "approved" and wanted.request_id:
            return self._approval(observed, wanted.request_id)
        if wanted.state == "approved" and wanted.policy:
            return [self._approve(device) for device in wanted.policy.allowed(observed.pending)]
        there = [device for device in observed.paired if device.device_id == wanted.device_id]
        return [change for device in there for change in self._to_paired(device)]

    def wait_until_ready(self, observed: DeviceList) -> DeviceList:
        """With "listed", until a request is pending; none in time is an answer too."""
        if self._wanted.state != "listed" or observed.pending or not self._wanted.timeout:
            return observed
        try:
            return wait_until(
                "a request",
                self.observe,
                lambda found: bool(found.pending),
                timeout=self._wanted.timeout,
                every=_EVERY,
                where=self.title,
                progress=self._context.progress,
            )
        except TimedOut as error:
            last: DeviceList = error.seen
            return last

    def describe(self, observed: DeviceList) -> dict[str, object]:
        return {
            "pending": [asdict(device) for device in observed.pending],
            "paired": [asdict(device) for device in observed.paired],
            "pending_lines": [
                f"{d.request_id}: {d.display_name or d.client_id} on {d.platform or '?'} from {d.remote_ip or '?'}"
                for d in observed.pending
            ],
        }

    def _to_paired(self, device: PairedDevice) -> list[Change]:
        wanted, identity, before = self._wanted, device.device_id, asdict(device)
        if wanted.state == "absent":
            remove = partial(self._call, devices.remove_argv(identity))
            return [Change(identity, f"remove {identity}", before, None, remove)]
        if wanted.state == "labelled" and wanted.label and device.label != wanted.label:
            after = {**before, "label": wanted.label}
            rename = partial(self._call, devices.rename_argv(identity, wanted.label))
            return [Change(identity, f"label {identity} {wanted.label}", before, after, rename)]
        if wanted.state in ("revoked", "rotated"):
            verb = {"revoked": "revoke", "rotated": "rotate"}[wanted.state]
            argv = devices.revoke_argv if wanted.state == "revoked" else devices.rotate_argv
            act = partial(self._call, argv(identity, device.role or "operator"))
            return [Change(identity, f"{verb} the token of {identity}", None, None, act, once=True)]
        return []

    def _approval(self, observed: DeviceList, request: str) -> Plan:
        wanted = self._wanted.device_id
        if wanted and any(device.device_id == wanted for device in observed.paired):
            return []
        try:
            return [self._approve(observed.choose(request, wanted))]
        except UnknownRequest as error:
            return [Refusal(error, key=request)]

    def _approve(self, pending: PendingDevice) -> Change:
        request = pending.request_id

        def approved(now: DeviceList) -> bool:
            return any(device.device_id == pending.device_id for device in now.paired)

        approve = partial(self._call, devices.approve_argv(request))
        what = f"approve {request}"
        return Change(request, what, None, asdict(pending), approve, once=True, took_effect=approved)

    def _call(self, argv: list[str]) -> None:
        answer = self._cli().run(*argv[1:])
        if answer["exit_code"]:
            said = (answer["stderr"] or answer["stdout"]).strip()[-500:]
            raise CollectionError(f"openclaw {' '.join(argv[1:3])} failed", where=self.title, why=said)

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._wanted.app, self._wanted.owner, self._context.progress)
