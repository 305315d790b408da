# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP to Fly.io: one kept-alive connection, timeouts on everything, and honest retries.

`http.client` and not `ansible.module_utils.urls`: 2 ms a request in the worker instead of 50 (measured).
A read is sent again after any failure. A write is sent again only when it surely did not happen (429, a refused
connection); otherwise `LostAnswer` is raised and the engine looks before it sends again. A 429 is no failure but a
queue: it is waited in for `QUEUE` seconds, whatever the number of retries.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..._base import clock
from ..._base.version import USER_AGENT
from .errors import LostAnswer, NoCapacity, QuotaReached, RateLimited, Unreachable, from_response
from .throttle import Throttle

_RETRY_STATUS = (500, 502, 503, 504)
_MAX_PAUSE = 60.0
QUEUE = 120.0
"""Seconds for which 429 is answered by waiting: with many forks, many hosts want the same thing of one app's limit."""
_STALE_AFTER = 20.0
"""Seconds without use after which a connection is opened anew: a write on one that the server has closed is lost."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    """Decoded JSON, or text, or None."""
    request_id: str | None


class Transport:
    """Requests to one base URL. `authorization` is the header's value and never leaves this object."""

    def __init__(
        self,
        base_url: str,
        authorization: str,
        *,
        ca_file: str | None = None,
        timeout: float = 30.0,
        retries: int = 5,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable(f"{base_url!r} is not a URL of an API", todo="Write it as https://api.machines.dev")
        self._parts = parts
        self._headers = {
            "Authorization": authorization,
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
        }
        self._ca_file = ca_file
        self._timeout = timeout
        self._retries = retries
        self._throttle = Throttle()
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def request(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
        safe: bool | None = None,
        bearer: bool = False,
    ) -> Answer:
        """Send a request and return the answer below 400; raise a `FlyError` for the rest.

        `safe` says that sending twice does no harm; by default only GET is. `bearer`: the token goes as one, whatever
        its form, as a few endpoints want it.
        """
        if bearer:
            headers = {**(headers or {}), "Authorization": f"Bearer {self._headers['Authorization'].partition(' ')[2]}"}
        target = path + (f"?{urlencode(query, doseq=True)}" if query else "")
        safe = method == "GET" if safe is None else safe
        failed = refused = 0
        patience = clock.monotonic() + QUEUE
        while True:
            last = failed >= self._retries
            self._throttle.wait(method, path)
            try:
                answer, retry_after = self._once(method, target, body, headers or {}, timeout or self._timeout)
            except ConnectionRefusedError as error:
                if last:
                    raise self._unreachable(method, path, error) from error
            except ssl.SSLCertVerificationError as error:
                raise self._unreachable(method, path, error) from error
            except (OSError, http.client.HTTPException) as error:
                if not safe:
                    raise self._lost(method, path, f"{type(error).__name__}: {error}") from error
                if last:
                    raise self._unreachable(method, path, error) from error
            else:
                if answer.status < 400:
                    return answer
                failure = from_response(method, path, answer.status, answer.body, answer.request_id)
                if isinstance(failure, RateLimited):
                    if clock.monotonic() > patience:
                        raise failure
                    clock.sleep(min((retry_after or 0) + _pause(refused), _MAX_PAUSE))
                    refused += 1
                    continue
                if answer.status not in _RETRY_STATUS or isinstance(failure, (NoCapacity, QuotaReached)):
                    raise failure
                if not safe:
                    raise self._lost(method, path, failure.why or str(answer.status), answer)
                if last:
                    raise failure
            clock.sleep(_pause(failed))
            failed += 1

    def _once(
        self, method: str, target: str, body: Any, headers: dict[str, str], timeout: float
    ) -> tuple[Answer, float | None]:
        sent = dict(self._headers, **headers)
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        connection = self._connect(timeout)
        try:
            connection.request(method, target, payload, sent)
            response = connection.getresponse()
            raw = response.read()
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        answer = Answer(response.status, _decode(raw), response.headers.get("fly-request-id"))
        return answer, _seconds(response.headers.get("retry-after"))

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if clock.monotonic() - self._used > _STALE_AFTER:
            self.close()
        self._used = clock.monotonic()
        if self._connection is None:
            host, port = self._parts.hostname or "", self._parts.port
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
            if self._parts.scheme == "https":
                context = ssl.create_default_context(cafile=self._ca_file)
                connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection = connection
        self._connection.sock.settimeout(timeout)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _unreachable(self, method: str, path: str, error: Exception) -> Unreachable:
        why = str(error)
        todo = "Check the network and the URL"
        if isinstance(error, ssl.SSLCertVerificationError):
            todo = "Give the certificate authority with ca_file if the server has a private one"
        return Unreachable(
            f"{self._parts.scheme}://{self._parts.netloc} cannot be reached",
            where=f"{method} {path}",
            why=why,
            todo=todo,
        )

    def _lost(self, method: str, path: str, why: str, answer: Answer | None = None) -> LostAnswer:
        return LostAnswer(
            "the answer to a write was lost, so it may have happened",
            where=f"{method} {path}",
            why=why,
            todo="Run again: what happened is looked up first",
            status=answer.status if answer else 0,
            request_id=answer.request_id if answer else None,
        )


def _pause(attempt: int) -> float:
    """Exponential backoff with jitter, at most 5 s."""
    return min(0.2 * 2.0 ** min(attempt, 5), 5.0) * random.uniform(0.5, 1.0)


def _decode(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def _seconds(value: str | None) -> float | None:
    """What Retry-After says, as a number of seconds or as a date."""
    try:
        return float(value) if value else None
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value or "").timestamp() - clock.now())
    except ValueError:
        return None
