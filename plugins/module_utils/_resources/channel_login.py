# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of a channel that a person links with the phone, by a QR code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from .._base.errors import CollectionError
from .._base.waiting import TimedOut, wait_until
from .._converge.context import Context
from .._converge.resource import Change, Plan, Resource
from .._fly.client.api import MachinesApi
from .._gateway.calls import call
from .._gateway.cli import GatewayCli
from .._openclaw import gateway_status, qr
from .._openclaw.gateway_status import ChannelStatus

_START_MS = 15000
_WAIT_MS = 10000
"""Below what a call may take; codes change every 20 seconds or so."""

_CONNECTS, _EVERY = 60.0, 2.0


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
        self._linked = False

    @property
    def title(self) -> str:
        return f"{self._wanted.channel} of {self._wanted.app}"

    def observe(self) -> ChannelStatus:
        _release, (answer,) = call(self._cli(), [("channels.status", {})])
        found = [each for each in gateway_status.channels(answer.payload) if each.channel == self._wanted.channel]
        for each in found:
            if self._wanted.account in (None, each.account):
                return each
        raise CollectionError(
            f"there is no account {self._wanted.account}" if found else "the gateway does not know this channel",
            where=self.title,
            why="" if found else "its plugin is not loaded, or its block in channels is missing",
            todo="Declare the channel, and its plugin where the release does not bundle it; run site.yml, then this",
        )

    def plan(self, observed: ChannelStatus) -> Plan:
        if observed.linked:
            return []
        what = f"link {observed.channel} ({observed.account})"
        return [Change("link", what, None, "linked", self._link, once=True, took_effect=lambda now: bool(now.linked))]

    def wait_until_ready(self, observed: ChannelStatus) -> ChannelStatus:
        """A freshly linked account needs a moment to connect; whether it did is not judged here."""
        if not self._linked:
            return observed
        try:
            return wait_until(
                "the account to connect",
                self.observe,
                lambda seen: seen.works,
                timeout=_CONNECTS,
                every=_EVERY,
                where=self.title,
                progress=self._context.progress,
            )
        except TimedOut as error:
            last: ChannelStatus = error.seen
            return last

    def describe(self, observed: ChannelStatus) -> dict[str, object]:
        return {"account": asdict(observed)}

    def _link(self) -> None:
        shown: list[str] = []
        wait_until(
            "the code to be scanned",
            lambda: self._round(shown),
            bool,
            timeout=self._wanted.timeout,
            every=0,
            where=self.title,
            todo="Run again with the phone at hand",
        )
        self._linked = True

    def _round(self, shown: list[str]) -> bool:
        """Show the code if it is another one, and wait a while; whether the account is linked by now."""
        account = {"accountId": self._wanted.account} if self._wanted.account else {}
        which = {"channel": self._wanted.channel, **account}
        answer = self._asked("web.login.start", {**which, "timeoutMs": _START_MS})
        if answer.get("connected"):
            return True
        code = str(answer.get("qrDataUrl") or "")
        if not code:
            why = str(answer.get("message") or "the gateway sent none")
            raise CollectionError("there is no code to scan", where=self.title, why=why)
        if code not in shown[-1:]:
            self._show(code)
            shown.append(code)
        return bool(self._asked("web.login.wait", {**which, "timeoutMs": _WAIT_MS}).get("connected"))

    def _show(self, code: str) -> None:
        self._context.progress(f"{self.title}: scan this with the phone (its app, Linked devices)")
        for line in qr.text(code).splitlines():
            self._context.progress(line)

    def _asked(self, method: str, params: Mapping[str, object]) -> Mapping[str, object]:
        _release, (answer,) = call(self._cli(), [(method, params)])
        if answer.refusal:
            what = f"the gateway cannot link {self._wanted.channel}"
            raise CollectionError(what, where=self.title, why=answer.refusal)
        return answer.payload if isinstance(answer.payload, Mapping) else {}

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._wanted.app, self._wanted.owner, self._context.progress)
