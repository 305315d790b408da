# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of an HTTP API, read within bounded time and memory."""

from __future__ import annotations

import http.client
import io
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_BYTES = 16 * 1024 * 1024
"""Of an answer's body. The largest that is known is a list of some hundred machines with their configurations."""
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    """Decoded JSON; text when it is none; None when there is none."""
    request_id: str | None
    location: str = ""
    """Where a redirection leads to."""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """By their names in lower case."""


class TooLarge(Exception):
    """The body is larger than any that the API sends."""


class TooSlow(TimeoutError):
    """The answer had begun, and was not complete in time."""


class _Clocked(io.RawIOBase):
    """A socket's bytes until a deadline: a server that sends one now and then does not hold us for ever."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, seconds: float) -> None:
        self._raw, self._sock = raw, sock
        # Sockets know real time only, so this is not the collection's clock, which tests set.
        self._until, self._begun = time.monotonic() + seconds, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
            count = self._raw.readinto(buffer)
        except TimeoutError as error:
            raise (TooSlow("the answer began, and did not end in time") if self._begun else error) from None
        self._begun = True
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def limit(connection: http.client.HTTPConnection, seconds: float) -> None:
    """From here on, the connection's next answer must be complete within `seconds`."""

    def clocked(sock: socket.socket, *args: Any, **options: Any) -> http.client.HTTPResponse:
        response = http.client.HTTPResponse(sock, *args, **options)
        response.fp.close()
        raw = sock.makefile("rb", buffering=0)
        response.fp = io.BufferedReader(_Clocked(raw, sock, seconds))
        return response

    connection.response_class = clocked  # type: ignore[assignment]  # typed as a class; any callable does


def read(response: http.client.HTTPResponse) -> Answer:
    """Raises `TooLarge`."""
    announced = response.length
    if announced is not None and announced > MAX_BYTES:
        raise TooLarge
    raw = bytearray()
    while chunk := response.read(_CHUNK):
        raw += chunk
        if len(raw) > MAX_BYTES:
            raise TooLarge
    if announced and len(raw) < announced:
        raise http.client.IncompleteRead(bytes(raw[:80]), announced - len(raw))
    identity = response.headers.get("fly-request-id")
    location = response.headers.get("location") or ""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, _decode(bytes(raw)), identity[:100] if identity else None, location[:300], headers)


def _decode(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # RecursionError: nested deeper than any answer of the API
        return raw.decode("utf-8", "replace")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
