# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's client devices."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from ..converge.context import Context
from ..converge.resource import Change, Resource
from ..errors import CollectionError
from ..fly.api import MachinesApi
from ..fly.pick_machine import started_machine
from ..fly.remote_files import RemoteFiles
from ..openclaw import devices
from ..openclaw.devices import DeviceList
from .gateway_cli import GatewayCli

_PAUSE = 3.0
"""Between looks while waiting: each is a process of its own in the machine."""


class Devices(Resource[DeviceList]):
    """`state` is "listed", "approved" (exactly `request_id`) or "absent" (`device_id`)."""

    def __init__(
        self,
        api: MachinesApi,
        context: Context,
        app: str,
        *,
        state: str,
        request_id: str | None,
        device_id: str | None,
        owner: str,
        patience: float,
    ) -> None:
        self._api, self._context, self._app, self._state = api, context, app, state
        self._request, self._device, self._owner = request_id, device_id, owner
        self._patience = patience if state == "listed" else 0.0
        self._approved: set[str] = set()

    @property
    def title(self) -> str:
        return f"devices of {self._app}"

    def observe(self) -> DeviceList:
        began = time.monotonic()
        while True:
            found = devices.parse(self._cli().json(*devices.list_argv()[1:]))
            elapsed = time.monotonic() - began
            if found.pending or elapsed >= self._patience:
                return found
            self._context.progress(f"{self.title}: nobody asks yet, {elapsed:.0f} s")
            time.sleep(_PAUSE)

    def plan(self, observed: DeviceList) -> list[Change]:
        if self._state == "approved" and self._request:
            return self._approval(observed, self._request)
        if self._state == "absent" and self._device:
            identity = self._device
            there = [device for device in observed.paired if device.device_id == identity]
            return [
                Change(f"remove {identity}", asdict(device), None, lambda: self._call(devices.remove_argv(identity)))
                for device in there
            ]
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
        if request in self._approved:
            return []
        if self._device and any(device.device_id == self._device for device in observed.paired):
            return []
        pending = observed.choose(request, self._device)

        def approve() -> None:
            self._call(devices.approve_argv(request))
            self._approved.add(request)

        return [Change(f"approve {request}", None, asdict(pending), approve)]

    def _call(self, argv: list[str]) -> None:
        answer = self._cli().run(*argv[1:])
        if answer["exit_code"]:
            said = (answer["stderr"] or answer["stdout"]).strip()[-500:]
            raise CollectionError(f"openclaw {' '.join(argv[1:3])} failed", where=self.title, why=said)

    def _cli(self) -> GatewayCli:
        machine = started_machine(self._api, self._app)
        return GatewayCli(RemoteFiles(self._api, self._app, machine["id"]), self._owner)
