# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of a channel that a person links with the phone, by a QR code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._converge.resource import Change, Resource
from .._fly.client.api import MachinesApi
from .._gateway.calls import call
from .._gateway.cli import GatewayCli
from .._openclaw import gateway_status, qr
from .._openclaw.gateway_status import ChannelStatus

_START_MS = 15000
_WAIT_MS = 10000
"""Below what a call may take; codes change every 20 seconds or so."""

_CONNECTS, _PAUSE = 60.0, 2.0


class ChannelLogin(Resource[ChannelStatus]):
    """`account` None is the channel's default one. The code is shown, again when it changes, for `patience` seconds."""

    def __init__(
        self,
        api: MachinesApi,
        context: Context,
        app: str,
        channel: str,
        account: str | None,
        *,
        owner: str,
        patience: float,
    ) -> None:
        self._api, self._context, self._app = api, context, app
        self._channel, self._account = channel, account
        self._owner, self._patience = owner, patience
        self._done = False

    @property
    def title(self) -> str:
        return f"{self._channel} of {self._app}"

    def observe(self) -> ChannelStatus:
        _release, (answer,) = call(self._cli(), [("channels.status", {})])
        found = [each for each in gateway_status.channels(answer.payload) if each.channel == self._channel]
        for each in found:
            if self._account in (None, each.account):
                return each
        raise CollectionError(
            f"there is no account {self._account}" if found else "the gateway does not know it",
            where=self.title,
            why="" if found else "its plugin is not loaded, or its block in channels is missing",
            todo="Declare the channel, and its plugin where the release does not bundle it; run site.yml, then this",
        )

    def plan(self, observed: ChannelStatus) -> list[Change]:
        if observed.linked or self._done:
            return []
        return [Change(f"link {observed.channel} ({observed.account})", None, "linked", self._link)]

    def settle(self, observed: ChannelStatus) -> ChannelStatus:
        """A freshly linked account needs a moment to connect; whether it did is not judged here."""
        began = clock.monotonic()
        while self._done and not observed.works and clock.monotonic() - began < _CONNECTS:
            clock.sleep(_PAUSE)
            observed = self.observe()
        return observed

    def describe(self, observed: ChannelStatus) -> dict[str, Any]:
        return {"account": asdict(observed)}

    def _link(self) -> None:
        which = {"channel": self._channel, **({"accountId": self._account} if self._account else {})}
        start, wait = {**which, "timeoutMs": _START_MS}, {**which, "timeoutMs": _WAIT_MS}
        began, shown = clock.monotonic(), ""
        while True:
            told = self._told("web.login.start", start)
            code = str(told.get("qrDataUrl") or "")
            if told.get("connected"):
                break
            if not code:
                why = str(told.get("message") or "the gateway sent none")
                raise CollectionError("there is no code to scan", where=self.title, why=why)
            if code != shown:
                self._show(code)
                shown = code
            if self._told("web.login.wait", wait).get("connected"):
                break
            if clock.monotonic() - began > self._patience:
                raise CollectionError(
                    "nobody scanned the code",
                    where=self.title,
                    why=f"waited {self._patience:.0f} s",
                    todo="Run again with the phone at hand",
                )
        self._done = True

    def _show(self, code: str) -> None:
        self._context.progress(f"{self.title}: scan this with the phone (its app, Linked devices)")
        for line in qr.text(code).splitlines():
            self._context.progress(line)

    def _told(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        _release, (answer,) = call(self._cli(), [(method, params)])
        if answer.refusal:
            raise CollectionError(f"the gateway cannot link {self._channel}", where=self.title, why=answer.refusal)
        return answer.payload if isinstance(answer.payload, Mapping) else {}

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._app, self._owner)
