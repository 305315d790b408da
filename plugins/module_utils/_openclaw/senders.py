# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Senders that are new to a channel, and pending with a code until they are approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import OpenClawError, reported


class UnknownCode(OpenClawError):
    """No sender is pending with this code."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A pending sender. ``code`` is what the channel showed to it; ``created_at`` as the gateway writes it."""

    channel: str
    account: str
    id: str
    code: str
    name: str
    created_at: str


def parse(data: object, channel: str = "") -> tuple[Sender, ...]:
    """Read ``openclaw pairing list CHANNEL --json``, or the answer to channels.pairing.list.

    :raises OpenClawError: if it is neither, with the CLI's own error.
    """
    listed = data.get("requests") if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        raise OpenClawError("The gateway gave no list of senders", why=reported(data, "it has no list of requests"))
    return tuple(_sender(entry, channel) for entry in listed if isinstance(entry, Mapping))


def list_argv(channel: str) -> list[str]:
    return ["pairing", "list", channel, "--json"]


def approve_argv(sender: Sender, notify: bool) -> list[str]:
    account = ["--account", sender.account] if sender.account else []
    return ["pairing", "approve", "--channel", sender.channel, *account, sender.code, *(["--notify"] if notify else [])]


def _sender(entry: Mapping[str, object], channel: str) -> Sender:
    meta = entry.get("meta")
    named = meta if isinstance(meta, Mapping) else {}
    return Sender(
        channel=str(entry.get("channel") or channel),
        account=str(entry.get("accountId") or ""),
        id=str(entry.get("id") or entry.get("senderId") or ""),
        code=str(entry.get("code") or ""),
        name=str(entry.get("displayName") or named.get("username") or named.get("name") or ""),
        created_at=str(entry.get("createdAt") or ""),
    )
