"""WebSocket frames over a socket; a client masks those that it sends."""

from __future__ import annotations

import io
import secrets
import socket
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Frames:
    def __init__(self, stream: socket.socket, masked: bool = False) -> None:
        self.stream = stream
        self.reader = io.BufferedReader(socket.SocketIO(stream, "r"))
        self._masked = masked

    def send(self, opcode: int, payload: bytes) -> None:
        size, bit = len(payload), 0x80 if self._masked else 0
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([bit | size])
        else:
            head += struct.pack("!BH", bit | 126, size) if size < 65536 else struct.pack("!BQ", bit | 127, size)
        mask = secrets.token_bytes(4) if self._masked else b""
        self.stream.sendall(head + mask + (_masked(payload, mask) if mask else payload))

    def receive(self) -> str | None:
        """The next text message; None when the other side has closed."""
        message = b""
        while True:
            head = self.reader.read(2)
            if len(head) < 2:
                return None
            size = head[1] & 0x7F
            if size > 125:
                size = int.from_bytes(self.reader.read(2 if size == 126 else 8), "big")
            mask = self.reader.read(4) if head[1] & 0x80 else b"\0\0\0\0"
            payload = _masked(self.reader.read(size), mask)
            opcode = head[0] & 0x0F
            if opcode == CLOSE:
                self.send(CLOSE, payload[:2] or struct.pack("!H", 1000))
                return None
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode in (0, TEXT, 2):
                message += payload
                if head[0] & 0x80:
                    return message.decode(errors="replace")


def _masked(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
