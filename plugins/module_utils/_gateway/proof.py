# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove from outside that a gateway serves, refuses unauthenticated clients and accepts its token."""

from __future__ import annotations

from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import PlatformApi
from .._openclaw.endpoint import Endpoint
from .._openclaw.gateway_errors import ConnectFailed, GatewayStarting
from .._openclaw.gateway_login import prove
from .._openclaw.probes import HttpProbe, NotReady, ProbeFailed
from .._openclaw.releases import Release
from .._openclaw.releases import facts as release_facts

_PAUSE = 1.0
_TELL_EVERY = 5.0
_LEAST = 15.0
"""Seconds for one login."""


class GatewayProof:
    """One gateway, seen through its URL. `timeout` is how many seconds it has to begin to serve."""

    def __init__(
        self, endpoint: Endpoint, token: str | None, release: Release, context: Context, timeout: float = 60.0
    ) -> None:
        self._endpoint, self._token, self._context = endpoint, token, context
        self._facts = release_facts(release)
        self._timeout = timeout

    def observe(self) -> dict[str, Any]:
        """Return what was proved; raise with the reason when something does not hold."""
        probe = HttpProbe(self._endpoint)
        try:
            startup = self._until_started(probe)
            result: dict[str, Any] = {
                "url": self._endpoint.http_url,
                "started": True,
                "version": startup.get("version"),
                "ready": self._ready(probe),
            }
            if self._token:
                config = probe.auth(self._token, self._facts.control_ui_config)
                result["version"] = config.get("serverVersion") or result["version"]
        finally:
            probe.close()
        if self._token:
            result.update(self._login(self._token))
        return result

    def _until_started(self, probe: HttpProbe) -> dict[str, Any]:
        began = told = clock.monotonic()
        while True:
            try:
                if self._facts.startup_path:
                    return dict(probe.startup(self._facts.startup_path))
                probe.get("/")
                return {}
            except (NotReady, ProbeFailed) as error:
                now = clock.monotonic()
                if now - began > self._timeout or type(error) not in (NotReady, ProbeFailed):
                    raise
                if now - told > _TELL_EVERY:
                    told = now
                    self._context.progress(f"{self._endpoint.http_url}: {error.what}, {now - began:.0f} s")
            clock.sleep(_PAUSE)

    def _ready(self, probe: HttpProbe) -> bool | None:
        if not self._facts.ready_path:
            return None
        try:
            probe.ready(self._facts.ready_path)
        except NotReady:
            return False
        return True

    def _login(self, token: str) -> dict[str, Any]:
        deadline = clock.monotonic() + self._timeout
        while True:
            try:
                # A busy gateway gets all the time there is: a login given up early only makes it do it again.
                proof = prove(self._endpoint, token, timeout=max(_LEAST, deadline - clock.monotonic()))
                break
            except ConnectFailed as error:
                # No connection may still come; a refusal is an answer.
                if type(error) not in (ConnectFailed, GatewayStarting) or clock.monotonic() > deadline:
                    raise
                clock.sleep(_PAUSE)
        if not proof.unauthenticated_refused:
            raise CollectionError(
                "the gateway accepts connections without a token",
                where=self._endpoint.http_url,
                why=proof.unauthenticated_reason,
                todo="Set gateway.auth.mode to token; take the app's addresses away until then",
            )
        if not proof.token_accepted:
            raise CollectionError(
                "the gateway does not accept its token",
                where=self._endpoint.http_url,
                why=proof.reason or "",
                todo="The machine has another OPENCLAW_GATEWAY_TOKEN than the inventory: run the whole play",
            )
        return {
            "unauthenticated_refused": True,
            "unauthenticated_refusal": proof.unauthenticated_reason,
            "token_accepted": True,
            "protocol": proof.protocol,
        }


def ready_line(platform: PlatformApi, app: str, release: Release) -> bool | None:
    """Whether the log has the line that the release prints when ready; None when logs may not be read."""
    facts = release_facts(release)
    try:
        entries = platform.logs(app)
    except CollectionError:
        return None
    return any(facts.is_ready_line(str(entry.get("message", ""))) for entry in entries)
