# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check's connections to Fly.io: guarded and recorded."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from .._base import clock
from .._fly.client import answer as answers
from .._fly.client.answer import Answer
from .._fly.client.api import LEASE_HEADER
from .._fly.client.transport import NotConnected, Transport
from .._fly.client.types import Json
from .guard import Guard
from .recording import Recorder

_PATIENCE = 120.0
"""Seconds for which a question is repeated that was answered with 429."""


@dataclass(frozen=True)
class Asked:
    """A question's answer as it came; status 0 when none came."""

    status: int
    body: object
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def json(self) -> Json:
        return self.body if isinstance(self.body, dict) else {}

    @property
    def list(self) -> list[Json]:
        return [each for each in self.body if isinstance(each, dict)] if isinstance(self.body, list) else []

    @property
    def text(self) -> str:
        """The error's text."""
        found = self.json.get("error") or self.json.get("message") or self.body
        return str(found or "")

    def __str__(self) -> str:
        return f"{self.status}" if self.status else "no answer"


class GuardedTransport(Transport):
    """Used by the collection's own code and, with `ask`, by questions that want every answer as it is."""

    def __init__(
        self,
        base_url: str,
        authorization: str,
        guard: Guard,
        recorder: Recorder,
        *,
        ca_file: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(base_url, authorization, ca_file=ca_file, timeout=timeout)
        self.guard, self._recorder = guard, recorder

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        nonce: str | None = None,
        timeout: float = 90.0,
        paced: bool = True,
    ) -> Asked:
        """Send one request, and return whatever comes. `paced`: keep to Fly.io's limits, and wait after a 429."""
        target = path + (f"?{urlencode(query)}" if query else "")
        headers = {LEASE_HEADER: nonce} if nonce else {}
        until = clock.monotonic() + _PATIENCE
        while True:
            if paced:
                self._throttle.wait(method, path)
            began = clock.monotonic()
            try:
                answer, wanted = self._once(method, target, body, headers, timeout)
            except (OSError, http.client.HTTPException, answers.TooLarge, NotConnected) as error:
                return Asked(0, type(error).__name__, clock.monotonic() - began)
            if answer.status != 429 or not paced or clock.monotonic() > until:
                return Asked(answer.status, answer.body, clock.monotonic() - began, answer.headers)
            clock.sleep(wanted or 2.0)

    def _once(
        self, method: str, target: str, body: object, headers: dict[str, str], timeout: float
    ) -> tuple[Answer, float | None]:
        self.guard.allow(method, target, body)
        began = clock.monotonic()
        parts = urlsplit(target)
        about = {
            "method": method,
            "path": parts.path,
            "query": dict(parse_qsl(parts.query)),
            "body": body,
            "lease": headers.get(LEASE_HEADER),
        }
        try:
            answer, wanted = super()._once(method, target, body, headers, timeout)
        except Exception as error:
            seen = {"status": 0, "headers": {}, "answer": type(error).__name__}
            self._recorder.exchange({**about, **seen}, clock.monotonic() - began)
            raise
        seen = {"status": answer.status, "headers": dict(answer.headers), "answer": answer.body}
        self._recorder.exchange({**about, **seen}, clock.monotonic() - began)
        return answer, wanted
