# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running gateway's status, from its methods' payloads (2026.9.6), in few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .paths import get

METHODS: Final[Mapping[str, Mapping[str, object]]] = {
    "health": {},
    "system.info": {},
    "channels.status": {},
    "device.pair.list": {},
    "sessions.list": {"limit": 1},
    "config.get": {},
    "plugins.list": {},
}
"""What is asked, with parameters; all of them only read."""

_REASONS: Final = ("lastError", "stateReason", "statusMessage", "lifecycle")


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """One account of a channel. ``why`` is the gateway's own reason where it does not run.

    :param linked: a phone has linked it; None for a channel that is not linked by one.
    """

    channel: str
    account: str
    configured: bool
    running: bool
    connected: bool | None
    why: str
    linked: bool | None = None

    @property
    def works(self) -> bool:
        """It runs, and where the channel reports whether it is connected, it is."""
        return self.running and self.connected is not False


def channels(payload: object) -> tuple[ChannelStatus, ...]:
    """The accounts in ``channels.status``; a channel without one counts as not configured."""
    accounts = get(payload, "channelAccounts", default={})
    found = []
    for name, entries in accounts.items() if isinstance(accounts, Mapping) else ():
        listed = [entry for entry in entries or () if isinstance(entry, Mapping)]
        found += [_account(str(name), entry) for entry in listed or [{}]]
    return tuple(found)


def _account(channel: str, entry: Mapping[str, object]) -> ChannelStatus:
    connected, linked = entry.get("connected"), entry.get("linked")
    return ChannelStatus(
        channel=channel,
        account=str(entry.get("accountId") or "default"),
        configured=bool(entry.get("configured", bool(entry))),
        running=bool(entry.get("running")),
        connected=connected if isinstance(connected, bool) else None,
        why=str(next((entry[key] for key in _REASONS if entry.get(key)), "")),
        linked=linked if isinstance(linked, bool) else None,
    )


def missing(wanted: Iterable[str], found: Iterable[ChannelStatus]) -> list[str]:
    """A line for each wanted channel that does not work."""
    by_name: dict[str, list[ChannelStatus]] = {}
    for each in found:
        by_name.setdefault(each.channel, []).append(each)
    lines = []
    for name in wanted:
        accounts = by_name.get(name, [])
        if not accounts:
            lines.append(f"{name}: the gateway does not know it; its plugin is not loaded")
        lines += [
            f"{name} ({each.account}): {each.why or ('not connected' if each.running else 'not running')}"
            for each in accounts
            if not each.works
        ]
    return lines


def summary(answers: Mapping[str, object]) -> dict[str, Any]:
    """The facts of a gateway; what it did not answer is None. Sizes in bytes, times in seconds."""
    health, system, config = answers.get("health"), answers.get("system.info"), answers.get("config.get")
    devices, sessions = answers.get("device.pair.list"), answers.get("sessions.list")
    plugins = get(answers.get("plugins.list"), "plugins", default=[])
    return {
        "healthy": get(health, "ok"),
        "slow": get(health, "eventLoop", "reasons", default=[]),
        "plugins": get(health, "plugins", "loaded", default=[]),
        "plugin_errors": get(health, "plugins", "errors", default=[]),
        "installed": {
            str(each.get("packageName") or each.get("id")): str(each.get("version") or "")
            for each in plugins
            if isinstance(each, Mapping) and each.get("installed") and each.get("origin") != "bundled"
        },
        "uptime": _seconds(get(system, "uptimeMs")),
        "node": get(system, "nodeVersion"),
        "memory": {
            "gateway": get(system, "processMemory", "rssBytes"),
            "total": get(system, "memoryTotalBytes"),
            "free": get(system, "memoryFreeBytes"),
        },
        "disk": {
            "path": get(system, "diskPath"),
            "total": get(system, "diskTotalBytes"),
            "free": get(system, "diskAvailableBytes"),
        },
        "sessions": get(sessions, "totalCount"),
        "devices": None if devices is None else len(get(devices, "paired", default=[])),
        "pending_devices": None if devices is None else len(get(devices, "pending", default=[])),
        "config": _config(config),
    }


def _config(payload: object) -> dict[str, object] | None:
    """Whether the file is valid, and whether the gateway runs what it says. Its content is not returned."""
    if payload is None:
        return None
    revision = get(payload, "configRevisionHash")
    return {
        "path": get(payload, "path"),
        "valid": get(payload, "valid"),
        "applied": None if revision is None else revision == get(payload, "appliedConfigHash"),
        "problems": [f"{issue.get('path')}: {issue.get('message')}" for issue in get(payload, "issues", default=[])],
    }


def _seconds(milliseconds: object) -> float | None:
    return milliseconds / 1000 if isinstance(milliseconds, (int, float)) else None
