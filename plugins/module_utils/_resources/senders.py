# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Senders whose approval is pending at a gateway's channel."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .._base.errors import CollectionError
from .._converge.resource import Change, Resource
from .._fly.client.api import MachinesApi
from .._gateway.cli import GatewayCli
from .._openclaw import senders
from .._openclaw.senders import Sender, UnknownCode


class Senders(Resource[tuple[Sender, ...]]):
    """`code` is that of the sender to approve; without it they are only listed."""

    def __init__(self, api: MachinesApi, app: str, channel: str, *, code: str | None, notify: bool, owner: str) -> None:
        self._api, self._app, self._channel, self._code = api, app, channel, code
        self._notify, self._owner = notify, owner
        self._done = False

    @property
    def title(self) -> str:
        return f"senders of {self._channel} at {self._app}"

    def observe(self) -> tuple[Sender, ...]:
        return senders.parse(self._cli().json(*senders.list_argv(self._channel)), self._channel)

    def plan(self, observed: tuple[Sender, ...]) -> list[Change]:
        if self._code is None or self._done:
            return []
        found = [sender for sender in observed if sender.code.upper() == self._code.upper()]
        if not found:
            raise UnknownCode(
                f"Nobody waits with the code {self._code}",
                where=self.title,
                why=f"waiting: {', '.join(sender.code for sender in observed) or 'nobody'}",
                todo="A code lasts an hour; let the person write to the channel again.",
            )
        [sender] = found[:1]
        return [Change(f"let in {sender.name or sender.id}", None, asdict(sender), lambda: self._approve(sender))]

    def describe(self, observed: tuple[Sender, ...]) -> dict[str, Any]:
        return {"pending": [asdict(sender) for sender in observed]}

    def _approve(self, sender: Sender) -> None:
        answer = self._cli().run(*senders.approve_argv(sender, self._notify))
        if answer["exit_code"]:
            said = (answer["stderr"] or answer["stdout"]).strip()[-500:]
            raise CollectionError("openclaw pairing approve failed", where=self.title, why=said)
        self._done = True

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._app, self._owner)
