# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client devices of a gateway: pending requests, paired devices, and the commands that change them.

``openclaw devices`` in the machine (the argv below, with OPENCLAW_GATEWAY_PORT and OPENCLAW_STATE_DIR set) does what
the methods ``device.*`` do over WebSocket; those need the scope operator.pairing, which a client has on direct loopback
or as a paired device, and which the token alone does not give to a remote client.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .errors import InvalidValue, OpenClawError, reported

CLI: Final = ("openclaw", "devices")


class DevicesUnreadable(OpenClawError):
    """The gateway returned something else than a list of devices."""


class UnknownRequest(OpenClawError):
    """No pending request has this id, or it is not that of the expected device."""


@dataclass(frozen=True, slots=True)
class PendingDevice:
    """A device whose approval is pending.

    :param created_at: milliseconds since 1970.
    :param is_repair: the device was paired before and asks for more, or with a new key.
    """

    request_id: str
    device_id: str
    client_id: str
    client_mode: str
    display_name: str
    platform: str
    role: str
    scopes: tuple[str, ...]
    remote_ip: str
    created_at: int
    is_repair: bool


@dataclass(frozen=True, slots=True)
class PairedDevice:
    """An approved device. ``approved_via``: owner, silent, bootstrap, ...; times in milliseconds since 1970."""

    device_id: str
    client_id: str
    client_mode: str
    display_name: str
    label: str
    role: str
    scopes: tuple[str, ...]
    remote_ip: str
    approved_via: str
    approved_at: int
    last_seen_at: int
    connected: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Which pending devices are approved without a person looking. Every condition that is given must hold.

    :param networks: ranges that the request must come from.
    :param scopes: the most that a device may ask for.
    :param repairs: also devices that were paired before and ask for more, or with a new key.
    """

    networks: tuple[str, ...] = ()
    client_ids: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("operator",)
    scopes: tuple[str, ...] = ()
    repairs: bool = False

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Policy:
        """:raises InvalidValue: for an invalid range, or a policy that would approve everybody."""
        words: dict[str, Any] = {key: tuple(value) for key, value in given.items() if value and key != "repairs"}
        policy = cls(**words, repairs=bool(given.get("repairs")))
        if not (policy.networks or policy.client_ids or policy.platforms):
            raise InvalidValue(
                "The policy would approve every device that asks",
                why="it names neither networks nor clients nor platforms",
                todo="Name the networks that your devices come from, such as 203.0.113.0/24.",
            )
        for network in policy.networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise InvalidValue(f"'{network}' is not a network", why=str(error)) from None
        return policy

    def allowed(self, pending: Iterable[PendingDevice]) -> list[PendingDevice]:
        return [device for device in pending if self._allows(device)]

    def _allows(self, device: PendingDevice) -> bool:
        return (
            (not self.networks or any(_within(device.remote_ip, network) for network in self.networks))
            and (not self.client_ids or device.client_id in self.client_ids)
            and (not self.platforms or device.platform in self.platforms)
            and device.role in self.roles
            and (not self.scopes or set(device.scopes) <= set(self.scopes))
            and (self.repairs or not device.is_repair)
        )


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class DeviceList:
    pending: tuple[PendingDevice, ...]
    paired: tuple[PairedDevice, ...]

    def choose(self, request_id: str, device_id: str | None = None) -> PendingDevice:
        """The pending request with exactly this id.

        :param device_id: if given, the request must be of this device.
        :raises UnknownRequest: otherwise; a retry with other scopes gives a device a new request id.
        """
        known = ", ".join(f"{p.request_id} ({p.display_name or p.client_id}, {p.remote_ip})" for p in self.pending)
        for pending in self.pending:
            if pending.request_id == request_id:
                if device_id in (None, pending.device_id):
                    return pending
                raise UnknownRequest(
                    f"The request {request_id} is of another device",
                    why=f"it is of {pending.device_id}, expected was {device_id}",
                    todo="Approve nothing before you know whose it is.",
                )
        raise UnknownRequest(
            f"There is no pending request {request_id}",
            why=f"pending: {known or 'none'}",
            todo="List the devices again: a device that asks anew gets a new id.",
        )


def parse(output: str | Mapping[str, Any]) -> DeviceList:
    """Read ``openclaw devices list --json``, or the answer to device.pair.list.

    :raises DevicesUnreadable: if it is neither, with the CLI's own error.
    """
    data: Any = output
    if isinstance(output, str):
        try:
            data = json.loads(output)
        except ValueError:
            raise DevicesUnreadable("The list of devices is not JSON", why=output.strip()[:200] or "empty") from None
    if not isinstance(data, Mapping) or not isinstance(data.get("pending"), list):
        raise DevicesUnreadable(
            "The gateway gave no list of devices", why=reported(data, "it has no list of pending devices")
        )
    paired = data.get("paired") or []
    return DeviceList(tuple(map(_pending, data["pending"])), tuple(map(_paired, paired)))


def list_argv() -> list[str]:
    return [*CLI, "list", "--json"]


def approve_argv(request_id: str) -> list[str]:
    return [*CLI, "approve", request_id, "--json"]


def remove_argv(device_id: str) -> list[str]:
    return [*CLI, "remove", device_id, "--json"]


def rename_argv(device_id: str, label: str) -> list[str]:
    return [*CLI, "rename", "--device", device_id, "--name", label, "--json"]


def revoke_argv(device_id: str, role: str = "operator") -> list[str]:
    return [*CLI, "revoke", "--device", device_id, "--role", role, "--json"]


def rotate_argv(device_id: str, role: str = "operator", scopes: tuple[str, ...] = ()) -> list[str]:
    chosen = [word for scope in scopes for word in ("--scope", scope)]
    return [*CLI, "rotate", "--device", device_id, "--role", role, *chosen, "--json"]


def _pending(entry: Mapping[str, Any]) -> PendingDevice:
    return PendingDevice(
        request_id=_text(entry, "requestId"),
        device_id=_text(entry, "deviceId"),
        client_id=_text(entry, "clientId"),
        client_mode=_text(entry, "clientMode"),
        display_name=_text(entry, "displayName"),
        platform=_text(entry, "platform"),
        role=_text(entry, "role"),
        scopes=tuple(map(str, entry.get("scopes") or ())),
        remote_ip=_text(entry, "remoteIp"),
        created_at=int(entry.get("ts") or 0),
        is_repair=bool(entry.get("isRepair")),
    )


def _paired(entry: Mapping[str, Any]) -> PairedDevice:
    return PairedDevice(
        device_id=_text(entry, "deviceId"),
        client_id=_text(entry, "clientId"),
        client_mode=_text(entry, "clientMode"),
        display_name=_text(entry, "displayName"),
        label=_text(entry, "operatorLabel"),
        role=_text(entry, "role"),
        scopes=tuple(map(str, entry.get("scopes") or ())),
        remote_ip=_text(entry, "remoteIp"),
        approved_via=_text(entry, "approvedVia"),
        approved_at=int(entry.get("approvedAtMs") or 0),
        last_seen_at=int(entry.get("lastSeenAtMs") or 0),
        connected=bool(entry.get("connected")),
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    return str(entry.get(key) or "")
