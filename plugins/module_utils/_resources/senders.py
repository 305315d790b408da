# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Senders whose approval is pending at a gateway's channel."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

from .._base.errors import CollectionError
from .._converge.resource import Change, Plan, Refusal, Resource
from .._fly.client.api import MachinesApi
from .._gateway.cli import GatewayCli
from .._openclaw import senders
from .._openclaw.senders import Sender, UnknownCode


@dataclass(frozen=True)
class WantedSender:
    """`code` is that of the sender to approve; without it they are only listed."""

    app: str
    channel: str
    code: str | None
    notify: bool
    owner: str
    """Numeric user and group that asks in the machine."""


class Senders(Resource[tuple[Sender, ...]]):
    def __init__(self, api: MachinesApi, wanted: WantedSender) -> None:
        self._api, self._wanted = api, wanted

    @property
    def title(self) -> str:
        return f"senders of {self._wanted.channel} at {self._wanted.app}"

    def observe(self) -> tuple[Sender, ...]:
        channel = self._wanted.channel
        return senders.parse(self._cli().json(*senders.list_argv(channel)), channel)

    def plan(self, observed: tuple[Sender, ...]) -> Plan:
        code = (self._wanted.code or "").upper()
        if not code:
            return []
        pending = {sender.code.upper(): sender for sender in observed}
        if code not in pending:
            error = UnknownCode(
                f"No sender is pending with the code {code}",
                where=self.title,
                why=f"pending: {', '.join(pending) or 'none'}",
                todo="A code lasts an hour; let the person write to the channel again.",
            )
            return [Refusal(error, key=code)]
        sender = pending[code]
        what = f"approve {sender.name or sender.id}"

        def approved(now: tuple[Sender, ...]) -> bool:
            return code not in {one.code.upper() for one in now}

        approve = partial(self._approve, sender)
        return [Change(code, what, None, asdict(sender), approve, once=True, took_effect=approved)]

    def describe(self, observed: tuple[Sender, ...]) -> dict[str, object]:
        return {"pending": [asdict(sender) for sender in observed]}

    def _approve(self, sender: Sender) -> None:
        answer = self._cli().run(*senders.approve_argv(sender, self._wanted.notify))
        if answer["exit_code"]:
            said = (answer["stderr"] or answer["stdout"]).strip()[-500:]
            raise CollectionError("openclaw pairing approve failed", where=self.title, why=said)

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._wanted.app, self._wanted.owner)
