# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests over one kept-alive connection to an API.

`http.client` and not `ansible.module_utils.urls`: 2 ms a request in the worker instead of 50 (measured). What is sent
again is decided in `retry`, what an answer may be in `answer` and `shapes`, what an error means in `errors`.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from ..._base import clock
from ..._base.network import permanent
from ..._base.printable import one_line
from ..._base.version import USER_AGENT
from . import answer as answers
from .answer import Answer
from .errors import (
    CommandNotFound,
    FlyError,
    LostAnswer,
    NoCapacity,
    QuotaReached,
    RateLimited,
    Unreachable,
    from_response,
    not_the_api,
)
from .places import place
from .retry import Failure, Retry, Verdict, retry_after
from .throttle import Throttle

_RETRY_STATUS = (500, 502, 503, 504)
_STALE_AFTER = 20.0
"""Seconds without use after which a connection is opened anew: a write on one that the server has closed is lost."""


class NotConnected(Exception):
    """There is no connection, so nothing was sent. The reason is its cause."""


@dataclass(frozen=True)
class _Failed:
    failure: Failure
    error: FlyError
    retry_after: float | None = None


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
        self._https, self._host, self._port = _parts(base_url)
        self.base = f"{'https' if self._https else 'http'}://{self._host}" + (f":{self._port}" if self._port else "")
        self.machines_reach_out = True
        """Whether machines reach the internet. An emulator whose machines do not says so in each answer."""
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
        query: dict[str, object] | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
        safe: bool | None = None,
        bearer: bool = False,
    ) -> Answer:
        """Send a request and return the answer below 300; raise a `FlyError` for the rest.

        `timeout`: seconds for the whole answer. `safe` says that sending twice does no harm; by default only GET is.
        `bearer`: the token goes as one, whatever its form, as a few endpoints want it.
        """
        if bearer:
            headers = {**(headers or {}), "Authorization": f"Bearer {self._headers['Authorization'].partition(' ')[2]}"}
        target = path + (f"?{urlencode(query, doseq=True)}" if query else "")
        retry = Retry(self._retries, method == "GET" if safe is None else safe)
        while True:
            self._throttle.wait(method, path)
            outcome = self._attempt(method, path, target, body, headers or {}, timeout or self._timeout)
            if isinstance(outcome, Answer):
                return outcome
            verdict = retry.after(outcome.failure, outcome.retry_after)
            if verdict is Verdict.RAISE:
                raise outcome.error
            if verdict is Verdict.LOST:
                lost = _lost(outcome.error)
                lost.__cause__ = outcome.error
                raise lost
            clock.sleep(retry.pause)

    def _attempt(
        self, method: str, path: str, target: str, body: object, headers: dict[str, str], timeout: float
    ) -> Answer | _Failed:
        try:
            answer, asked = self._once(method, target, body, headers, timeout)
        except NotConnected as error:
            cause = error.__cause__ or error
            failure = Failure.FINAL if permanent(cause) else Failure.NOT_SENT
            return _Failed(failure, self._unreachable(method, path, cause))
        except answers.TooLarge:
            why = f"its body is larger than {answers.MAX_BYTES // 1024**2} MiB"
            return _Failed(Failure.FINAL, not_the_api(place(method, path), self.base, why))
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            failure = Failure.FINAL if permanent(error) else Failure.BROKEN
            return _Failed(failure, self._unreachable(method, path, error))
        if 200 <= answer.status < 300:
            if not isinstance(answer.body, str):
                return answer
            why = f"status {answer.status} with {_kind_of_text(answer.body)}"
            return _Failed(Failure.FINAL, not_the_api(place(method, path), self.base, why, answer.request_id))
        refusal = from_response(method, path, answer, self.base)
        return _Failed(_failure(refusal, answer.status), refusal, asked)

    def _once(
        self, method: str, target: str, body: object, headers: dict[str, str], timeout: float
    ) -> tuple[Answer, float | None]:
        """One request and its answer, with the seconds of its Retry-After."""
        sent = dict(self._headers, **headers)
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        try:
            connection = self._connect(timeout)
        except (OSError, UnicodeError) as error:
            self.close()
            raise NotConnected from error
        try:
            connection.request(method, target, payload, sent)
            answers.limit(connection, timeout)
            response = connection.getresponse()
            answer = answers.read(response)
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        if response.headers.get("fly-emulator-rate-limits") == "off":
            self._throttle.enabled = False
        if response.headers.get("fly-emulator-egress") == "off":
            self.machines_reach_out = False
        return answer, retry_after(response.headers.get("retry-after"))

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if clock.monotonic() - self._used > _STALE_AFTER:
            self.close()
        self._used = clock.monotonic()
        if self._connection is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
            if self._https:
                context = ssl.create_default_context(cafile=self._ca_file)
                connection = http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=context)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection = connection
        self._connection.sock.settimeout(timeout)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _unreachable(self, method: str, path: str, error: BaseException) -> Unreachable:
        return Unreachable(
            f"{self.base} cannot be reached",
            where=place(method, path),
            why=one_line(str(error) or type(error).__name__),
            todo=permanent(error) or "Check the network, and the URL of the API (machines_url, api_url)",
        )


def _parts(base_url: str) -> tuple[bool, str, int | None]:
    """Whether it is HTTPS, the host and the port of a base URL. Raises `Unreachable` for what is none."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host:
        raise Unreachable(f"{base_url!r} is not a URL of an API", todo="Write it as https://api.machines.dev")
    return parts.scheme == "https", f"[{host}]" if ":" in host else host, port


def _failure(refusal: FlyError, status: int) -> Failure:
    if isinstance(refusal, RateLimited):
        return Failure.LIMITED
    if status in _RETRY_STATUS and not isinstance(refusal, CommandNotFound | NoCapacity | QuotaReached):
        return Failure.SERVER
    return Failure.FINAL


def _kind_of_text(text: str) -> str:
    start = text[:200].lstrip().lower()
    kind = "a page of HTML" if start.startswith(("<!doctype html", "<html")) else "a text that is not JSON"
    return f"{kind}: {one_line(text, 80)}"


def _lost(error: FlyError) -> LostAnswer:
    return LostAnswer(
        "Fly.io did not confirm the change, so it may or may not have been made",
        where=error.where,
        why=error.why or error.what,
        todo="Run again: what happened is looked up first",
        **{"status": 0, "request_id": None, **error.details},
    )
