# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about channels, by what the gateway answers in its machine."""

from __future__ import annotations

from collections.abc import Mapping

from .._base import clock
from .._openclaw import gateway_status
from .._openclaw.paths import get
from .evidence import Evidence
from .finding import CRITICAL, INFO, WARNING, finding
from .log_lines import shown

_SILENT = 7 * 86400.0
_SIGNS_OF_LIFE = ("lastInboundAt", "lastEventAt", "lastMessageAt")


def _channels(seen: Evidence) -> tuple[gateway_status.ChannelStatus, ...]:
    return gateway_status.channels(seen.answer("channels.status"))


def _names(found: list[gateway_status.ChannelStatus]) -> str | None:
    lines = (f"{one.channel} ({one.account}){f': {shown(one.why)}' if one.why else ''}" for one in found)
    return "; ".join(lines) or None


@finding(
    "gateway.channel_logged_out",
    CRITICAL,
    title="A channel is logged out",
    cause="The phone removed the linked device, or a restored backup had old keys.",
    remedy="Link it again: the playbook openclaw.fly.channels with -e link=CHANNEL",
    source="OpenClaw docs/channels/whatsapp.md; openclaw#92039",
)
def channel_logged_out(seen: Evidence) -> str | None:
    return _names([one for one in _channels(seen) if one.configured and one.linked is False])


@finding(
    "gateway.channel_down",
    CRITICAL,
    title="A channel does not work",
    cause="Its token is refused, its service is unreachable, or its plugin failed.",
    remedy="See the reason; correct its secret in fly_app_secrets, and run the playbook openclaw.fly.channels",
    source="channels.status of the gateway",
)
def channel_down(seen: Evidence) -> str | None:
    return _names([one for one in _channels(seen) if one.configured and not one.works and one.linked is not False])


@finding(
    "gateway.channel_unconfigured",
    WARNING,
    title="A channel is loaded and not configured",
    cause="Its token is missing.",
    remedy="Declare its secret in fly_app_secrets, or disable it",
    source="channels.status of the gateway",
)
def channel_unconfigured(seen: Evidence) -> str | None:
    enabled = [one for one in _channels(seen) if not one.configured and _is_enabled(seen, one.channel)]
    return ", ".join(one.channel for one in enabled) or None


def _is_enabled(seen: Evidence, channel: str) -> bool:
    block = get(seen.openclaw_json, "channels", channel)
    return isinstance(block, Mapping) and block.get("enabled") is not False


@finding(
    "gateway.channel_issue",
    WARNING,
    title="The gateway reports an issue of a channel",
    cause="A permission, an intent or a setting at the channel's service is missing.",
    remedy="Do what the line names",
    source="channels.status (statusIssues) of the gateway",
)
def channel_issue(seen: Evidence) -> str | None:
    issues = get(seen.answer("channels.status"), "statusIssues", default=[])
    lines = (shown(f"{get(one, 'channel')}: {get(one, 'message')} {get(one, 'fix', default='')}") for one in issues[:4])
    return "; ".join(lines) or None


@finding(
    "gateway.channel_silent",
    INFO,
    title="A channel that is connected has received nothing for a week",
    cause="Nobody wrote, or its service delivers nothing: a webhook that changed, a bot that was removed from a group.",
    remedy="Write to it; if nothing comes, restart the channel: openclaw channels restart",
    source="channels.status of the gateway; openclaw#56086",
)
def channel_silent(seen: Evidence) -> str | None:
    accounts = get(seen.answer("channels.status"), "channelAccounts", default={})
    found = []
    for name, entries in accounts.items():
        for entry in entries or ():
            times = [entry[key] for key in _SIGNS_OF_LIFE if isinstance(entry.get(key), int | float)]
            if entry.get("running") and times and seen.now - max(times) / 1000 > _SILENT:
                found.append(f"{name} ({entry.get('accountId')}): last on {clock.text(max(times) / 1000)}")
    return "; ".join(found) or None
