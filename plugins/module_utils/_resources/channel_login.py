# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of a channel that a person links with the phone, by a QR code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class WantedLogin:
    """Which account of which app's gateway is to be linked."""

    app: str
    channel: str
    account: str | None
    """None: the channel's default one."""
    owner: str
    """Numeric user and group that asks in the machine."""
    timeout: float
    """Seconds for which the code is shown, again when it changes."""


class ChannelLogin(Resource[ChannelStatus]):
    def __init__(self, api: MachinesApi, context: Context, wanted: WantedLogin) -> None:
        self._api, self._context, self._wanted = api, context, wanted
        self._channel, self._account = wanted.channel, wanted.account
        self._done = False

    @property
    def title(self) -> str:
        return f"{self._channel} of {self._wanted.app}"

    def observe(self) -> ChannelStatus:
        _release, (answer,) = call(self._cli(), [("channels.status", {})])
        found = [each for each in gateway_status.channels(answer.payload) if each.channel == self._channel]
        for each in found:
            if self._account in (None, each.account):
                return each
        raise CollectionError(
            f"there is no account {self._account}" if found else "the gateway does not know this channel",
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
            answer = self._ask("web.login.start", start)
            code = str(answer.get("qrDataUrl") or "")
            if answer.get("connected"):
                break
            if not code:
                why = str(answer.get("message") or "the gateway sent none")
                raise CollectionError("there is no code to scan", where=self.title, why=why)
            if code != shown:
                self._show(code)
                shown = code
            if self._ask("web.login.wait", wait).get("connected"):
                break
            if clock.monotonic() - began > self._wanted.timeout:
                raise CollectionError(
                    "nobody scanned the code",
                    where=self.title,
                    why=f"waited {self._wanted.timeout:.0f} s",
                    todo="Run again with the phone at hand",
                )
        self._done = True

    def _show(self, code: str) -> None:
        self._context.progress(f"{self.title}: scan this with the phone (its app, Linked devices)")
        for line in qr.text(code).splitlines():
            self._context.progress(line)

    def _ask(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        _release, (answer,) = call(self._cli(), [(method, params)])
        if answer.refusal:
            raise CollectionError(f"the gateway cannot link {self._channel}", where=self.title, why=answer.refusal)
        return answer.payload if isinstance(answer.payload, Mapping) else {}

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._wanted.app, self._wanted.owner)
