"""Messages between the emulator and a holder: JSON lines over a stream socket, file descriptors beside them.

To the holder: `network`, `start`, `exec`, `signal`, `freeze`, `socket`; to that of a private network `switch`,
`attach`, `address`, `up`, `route`, `socket`.
From it: `done`, `started`, `spawned`, `failed`, `socket`, `exited`, `ended`.
A message's `fds` says how many of the descriptors received so far, in order, belong to it.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

Message = dict[str, Any]
FDS_AT_ONCE = 8


class Closed(Exception):
    """The other side is gone."""


class Decoder:
    """Puts messages together out of what the socket delivers."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._buffer = b""
        self._fds: list[int] = []

    def read(self) -> list[tuple[Message, list[int]]]:
        """Whole messages that one read brings; raises Closed, or BlockingIOError when there is nothing."""
        chunk, fds, _, _ = socket.recv_fds(self._stream, 65536, FDS_AT_ONCE)
        for fd in fds:
            os.set_inheritable(fd, False)
        self._fds += fds
        if not chunk:
            raise Closed
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        messages = []
        for line in lines:
            message = json.loads(line)
            count = message.get("fds", 0)
            messages.append((message, self._fds[:count]))
            del self._fds[:count]
        return messages


def encode(message: Message, fds: int = 0) -> bytes:
    return json.dumps({**message, "fds": fds} if fds else message).encode() + b"\n"


def send(stream: socket.socket, message: Message, fds: list[int]) -> None:
    """Send from the holder; the socket blocks there."""
    data = encode(message, len(fds))
    sent = socket.send_fds(stream, [data], fds) if fds else 0
    stream.sendall(data[sent:])
