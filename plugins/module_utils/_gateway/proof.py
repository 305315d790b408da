# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove from outside that a gateway serves, refuses unauthenticated clients and accepts its token."""

from __future__ import annotations

import math
from collections.abc import Callable

from .._base import clock
from .._base.errors import CollectionError
from .._base.waiting import WaitFailed, wait_until
from .._converge.context import Context
from .._fly.client.api import PlatformApi
from .._openclaw.endpoint import Endpoint, Obstacle
from .._openclaw.gateway_errors import ConnectFailed, GatewayStarting
from .._openclaw.gateway_login import Proof, prove
from .._openclaw.probes import HttpProbe, NotReady, ProbeFailed
from .._openclaw.releases import Release
from .._openclaw.releases import facts as release_facts

_PAUSE = 1.0
_LEAST = 15.0
"""Seconds for one login."""
_GRACE = {Obstacle.REFUSED: 3.0, Obstacle.UNREACHABLE: 3.0, Obstacle.AUTHORITY: 3.0, Obstacle.NAME: 3.0}
"""Seconds after which such an obstacle will not go away by itself."""
_NEW_NAME, _NEW_CERTIFICATE = 45.0, 60.0
"""Seconds until Fly.io's DNS knows an app that has just got its addresses; until its edge has a new certificate."""
_FLY_NAMES = (".fly.dev", ".flycast")


def permanent(seen: object, host: str, waited: float) -> str | None:
    """Why waiting for a connection to `host` is no use, after so many seconds; None while it may be."""
    obstacle = getattr(seen, "obstacle", None)
    if obstacle is None:
        return None
    if obstacle is Obstacle.CERTIFICATE_NAME:
        grace = _NEW_CERTIFICATE
    elif obstacle is Obstacle.NAME and host.endswith(_FLY_NAMES):
        grace = _NEW_NAME
    else:
        grace = _GRACE.get(obstacle, math.inf)
    return str(obstacle.value) if waited >= grace else None


def _state(seen: object) -> str:
    """For a progress line."""
    if not isinstance(seen, CollectionError):
        return ""
    return f"{seen.what} ({seen.why})" if seen.why else seen.what


class GatewayProof:
    """One gateway, seen through its URL. `timeout` is how many seconds it has to begin to serve."""

    def __init__(
        self, endpoint: Endpoint, token: str | None, release: Release, context: Context, timeout: float = 60.0
    ) -> None:
        self._endpoint, self._token, self._context = endpoint, token, context
        self._facts = release_facts(release)
        self._timeout = timeout

    def observe(self) -> dict[str, object]:
        """Return what was proved; raise with the reason when something does not hold."""
        probe = HttpProbe(self._endpoint)
        try:
            startup = self._until_started(probe)
            result: dict[str, object] = {
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

    def _until_started(self, probe: HttpProbe) -> dict[str, object]:
        def look() -> dict[str, object] | ProbeFailed:
            try:
                if self._facts.startup_path:
                    return dict(probe.startup(self._facts.startup_path))
                probe.get("/")
                return {}
            except ProbeFailed as error:
                # No answer may still come, or another one; a refusal is an answer.
                if type(error) not in (NotReady, ProbeFailed):
                    raise
                return error

        seen = self._wait("the gateway to serve", look)
        if not isinstance(seen, dict):
            raise AssertionError("the wait ended without an answer")
        return seen

    def _wait(self, what: str, look: Callable[[], object]) -> object:
        """What `look` gives when it is no error; raises its last error when time is up, or when waiting is no use."""
        began = clock.monotonic()
        try:
            return wait_until(
                what,
                look,
                lambda seen: not isinstance(seen, CollectionError),
                timeout=self._timeout,
                every=_PAUSE,
                where=self._endpoint.http_url,
                state=_state,
                permanent=lambda seen: permanent(seen, self._endpoint.host, clock.monotonic() - began),
                progress=self._context.progress,
            )
        except WaitFailed as error:
            last: CollectionError = error.seen
            last.details["waited"] = round(clock.monotonic() - began, 1)
            raise last from None

    def _ready(self, probe: HttpProbe) -> bool | None:
        if not self._facts.ready_path:
            return None
        try:
            probe.ready(self._facts.ready_path)
        except NotReady:
            return False
        return True

    def _login(self, token: str) -> dict[str, object]:
        deadline = clock.monotonic() + self._timeout

        def look() -> Proof | ConnectFailed:
            try:
                # A busy gateway gets all the time there is: a login given up early only makes it do it again.
                return prove(self._endpoint, token, timeout=max(_LEAST, deadline - clock.monotonic()))
            except ConnectFailed as error:
                if type(error) not in (ConnectFailed, GatewayStarting):
                    raise
                return error

        proof = self._wait("the gateway to accept connections", look)
        if not isinstance(proof, Proof):
            raise AssertionError("the wait ended without a proof")
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
