# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running gateway's facts, asked inside its machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from .._base.errors import CollectionError
from .._base.waiting import TimedOut, wait_until
from .._converge.context import Context
from .._fly.client.api import MachinesApi
from .._fly.machines.pick import started_machine
from .._fly.machines.remote_files import RemoteFiles
from .._openclaw import gateway_status
from .._openclaw.channels import CHANNELS
from .calls import call
from .cli import GatewayCli

_PAUSE = 3.0
_DIGEST = 'if [ -e "$1" ]; then sha256sum < "$1"; fi'


def gateway_facts(
    api: MachinesApi, app: str, owner: str, context: Context, wait_for: Sequence[str] = (), timeout: float = 0.0
) -> dict[str, object]:
    """Return {release, channels, refused, ...}. Raises when a channel of `wait_for` does not work in `timeout`
    seconds.
    """
    files = RemoteFiles(api, app, started_machine(api, app)["id"])
    cli = GatewayCli(files, owner)
    methods = gateway_status.METHODS
    release, answers = call(cli, list(methods.items()))
    payloads = {method: answer.payload for method, answer in zip(methods, answers, strict=True)}
    found = _await_channels(cli, f"app {app}", context, payloads["channels.status"], wait_for, timeout)
    refused = {method: answer.refusal for method, answer in zip(methods, answers, strict=True) if answer.refusal}
    facts = gateway_status.summary(payloads)
    if facts["config"] and facts["config"]["path"]:
        digest = files.shell("read a digest", _DIGEST, [facts["config"]["path"]])
        facts["config"]["sha256"] = digest.partition(" ")[0] or None
    return {
        "release": release,
        **facts,
        "channels": [asdict(each) for each in found],
        "refused": refused,
    }


def _await_channels(
    cli: GatewayCli, where: str, context: Context, payload: object, wanted: Sequence[str], timeout: float
) -> tuple[gateway_status.ChannelStatus, ...]:
    payloads = [payload]

    def look() -> tuple[gateway_status.ChannelStatus, ...]:
        given = payloads.pop() if payloads else call(cli, [("channels.status", {})])[1][0].payload
        return gateway_status.channels(given)

    def missing(found: tuple[gateway_status.ChannelStatus, ...]) -> list[str]:
        return gateway_status.missing(wanted, found)

    try:
        return wait_until(
            "its channels to work",
            look,
            lambda found: not missing(found),
            timeout=timeout,
            every=_PAUSE,
            where=where,
            state=lambda found: "; ".join(missing(found)),
            progress=context.progress,
        )
    except TimedOut as error:
        lines = missing(error.seen)
        raise CollectionError(
            "a channel does not work" if len(lines) == 1 else f"{len(lines)} channels do not work",
            where=where,
            why="; ".join(lines),
            todo=_todo(wanted),
            channels=[asdict(each) for each in error.seen],
        ) from None


def _todo(wanted: Sequence[str]) -> str:
    links = [CHANNELS[name].link for name in wanted if name in CHANNELS and CHANNELS[name].link]
    return ". ".join(links) or "See its token and the gateway's log: fly logs"
