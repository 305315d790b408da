# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof over HTTP that a gateway serves, through whatever stands in front of it."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .._base import clock
from .endpoint import Endpoint, Obstacle, cause, obstacle, remedy
from .errors import OpenClawError

MAX_BODY: Final = 1_000_000
PROXY_ATTRIBUTION: Final = "proxy_attribution_required"
PROXY_REMEDY: Final = (
    "Add the address that Fly's proxy connects from (172.16.0.0/12; the gateway's log names it: 'observed "
    "unattributable proxy-shaped traffic from ...') and the app's own IP addresses to gateway.trustedProxies; "
    "the gateway takes the change without a restart."
)


class ProbeFailed(OpenClawError):
    """The gateway cannot be reached, or what answers is not a gateway. ``obstacle`` says which, without an answer."""

    obstacle: Obstacle | None = None


class NotReady(ProbeFailed):
    """The gateway answers that it is starting, draining or not ready; asking again makes sense."""


class ProxyAttributionRequired(ProbeFailed):
    """403 because the proxy in front is not in gateway.trustedProxies (since 2026.8.1)."""

    def __init__(self, where: str) -> None:
        super().__init__(
            "The gateway answers 403 to everything that comes through the proxy",
            where=where,
            why=f"it does not know the proxy ({PROXY_ATTRIBUTION})",
            todo=PROXY_REMEDY,
        )


class TokenRefused(ProbeFailed):
    """401: the gateway does not accept this token."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer. ``data`` is the parsed JSON object, None if the body is none.

    :param seconds: from sending the request until the body was read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    data: Mapping[str, Any] | None
    seconds: float


@dataclass(slots=True)
class HttpProbe:
    """HTTP requests to one gateway, over one connection that is kept.

    :param timeout: seconds for a request.
    :param headers: sent with every request.
    """

    endpoint: Endpoint
    timeout: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """One GET, see `send`."""
        return self.send("GET", path, headers)

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """One request; redirects are not followed. A kept connection that went away is opened anew, once.

        :raises ProbeFailed: if there is no answer within the timeout.
        """
        url = f"{self.endpoint.http_url}{path}"
        for kept in (self._connection is not None, False):
            try:
                return self._send(method, path, {**self.headers, **(headers or {})}, body)
            except (OSError, http.client.HTTPException, ssl.SSLError) as error:
                self.close()
                if kept and not isinstance(error, TimeoutError):
                    continue
                failed = ProbeFailed(
                    "The gateway does not answer", where=url, why=cause(error), todo=remedy(error) or ""
                )
                failed.obstacle = obstacle(error)
                raise failed from None
        raise AssertionError("unreachable")

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        started = clock.monotonic()
        if self._connection is None:
            self._connection = _connect(self.endpoint, self.timeout)
        self._connection.request(method, f"{self.endpoint.path}{path}", body=body, headers=dict(headers))
        response = self._connection.getresponse()
        body = response.read(MAX_BODY)
        if response.will_close or not response.isclosed():
            self.close()
        return HttpAnswer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=body,
            data=_json_object(body),
            seconds=clock.monotonic() - started,
        )

    def startup(self, path: str = "/startupz") -> Mapping[str, object]:
        """The startup probe's JSON; ``status`` is started. The status code alone proves nothing: the Control
        UI answers 200 with HTML to every path that it does not know.

        :raises NotReady: while it starts or drains; ProxyAttributionRequired; ProbeFailed otherwise.
        """
        data = self._contract(path, "ok")
        if data.get("ok") is not True or data.get("status") != "started":
            pending = data.get("pendingReason")
            raise NotReady(
                f"The gateway is {data.get('status', 'not started')}",
                where=f"{self.endpoint.http_url}{path}",
                why=f"it waits for {pending}" if pending else "",
            )
        return data

    def health(self, path: str = "/healthz") -> Mapping[str, object]:
        """``{"ok": true, "status": "live"}``; answered to everyone, also through an untrusted proxy.

        :raises ProbeFailed: if anything else comes.
        """
        data = self._contract(path, "ok")
        if data.get("ok") is not True:
            raise NotReady("The gateway is not live", where=f"{self.endpoint.http_url}{path}")
        return data

    def ready(self, path: str = "/readyz", token: str | None = None) -> Mapping[str, object]:
        """The readiness probe's JSON; with the token it names what fails.

        :raises NotReady: with the failing parts; ProxyAttributionRequired; ProbeFailed otherwise.
        """
        data = self._contract(path, "ready", _bearer(token))
        if data.get("ready") is not True:
            failing = data.get("failing") or []
            raise NotReady(
                "The gateway is not ready",
                where=f"{self.endpoint.http_url}{path}",
                why=", ".join(map(str, failing)),
            )
        return data

    def auth(self, token: str, path: str = "/control-ui-config.json") -> Mapping[str, object]:
        """Prove that the token is accepted, by the Control UI's config; its ``serverVersion`` is the release.

        :raises TokenRefused: if it is not; ProxyAttributionRequired; ProbeFailed if something else answers.
        """
        answer = self._answer(path, _bearer(token))
        if answer.status == 401:
            raise TokenRefused(
                "The gateway refuses the token",
                where=f"{self.endpoint.http_url}{path}",
                todo="Compare the declared token with the machine's secret OPENCLAW_GATEWAY_TOKEN; a changed "
                "secret takes effect when the machine restarts.",
            )
        return _expect(answer, f"{self.endpoint.http_url}{path}", "serverVersion")

    def refuses(self) -> bool:
        """Is a request without a token refused with 401?"""
        return self._answer("/control-ui-config.json", {}).status == 401

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _contract(self, path: str, key: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        return _expect(self._answer(path, headers), f"{self.endpoint.http_url}{path}", key)

    def _answer(self, path: str, headers: Mapping[str, str] | None) -> HttpAnswer:
        answer = self.get(path, headers)
        raise_for_attribution(answer.status, answer.data, f"{self.endpoint.http_url}{path}")
        return answer


def raise_for_attribution(status: int, data: Mapping[str, object] | None, where: str) -> None:
    """:raises ProxyAttributionRequired: if this is the gateway's answer to an unknown proxy."""
    error = (data or {}).get("error")
    if status == 403 and isinstance(error, Mapping) and error.get("type") == PROXY_ATTRIBUTION:
        raise ProxyAttributionRequired(where)


def _expect(answer: HttpAnswer, where: str, key: str) -> Mapping[str, Any]:
    """The JSON object of a probe, if it is one."""
    if answer.data is not None and key in answer.data:
        return answer.data
    kind = answer.headers.get("content-type", "no content type").partition(";")[0]
    if kind == "text/html" and answer.status == 200:
        raise ProbeFailed(
            "The answer is a web page, not the probe's JSON",
            where=where,
            why="the Control UI answers every path that the release does not know",
            todo="Use a path that the release has; /startupz, /healthz and /readyz exist since 2026.8.1.",
        )
    if answer.status in (502, 503, 504):
        raise NotReady("The proxy does not reach the gateway", where=where, why=f"it answers {answer.status}")
    raise ProbeFailed(
        "The answer is not a gateway's", where=where, why=f"status {answer.status}, {kind}, {len(answer.body)} bytes"
    )


def _connect(endpoint: Endpoint, timeout: float) -> http.client.HTTPConnection:
    """A connection whose Host header and TLS name are the URL's, wherever it leads."""
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=timeout)
    sock = endpoint.open(timeout)
    context = endpoint.ssl_context
    if context is not None:
        connection.default_port = 443
        try:
            sock = context.wrap_socket(sock, server_hostname=endpoint.host)
        except BaseException:
            sock.close()
            raise
    connection.sock = sock
    return connection


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _json_object(body: bytes) -> Mapping[str, Any] | None:
    try:
        data = json.loads(body)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None
