"""A name server over datagrams: one question, one answer. RFC 1035."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from collections.abc import Callable
from typing import cast

KINDS = {1: "A", 16: "TXT", 28: "AAAA"}
TTL = 5
HEADER = struct.Struct("!6H")
ANSWER, AUTHORITATIVE, RECURSION_DESIRED, OPCODE = 0x8000, 0x0400, 0x0100, 0x7800
NO_ERROR, NO_SUCH_NAME, NOT_IMPLEMENTED, REFUSED = 0, 3, 4, 5
SAME_NAME = 0xC00C
"""A pointer to the question's name."""

Lookup = Callable[[str, str], list[str] | None]
"""Takes a name and A, AAAA or TXT; gives the records, or None when there is no such name. Raises NotOurs."""


class NotOurs(Exception):
    """The name is for another server to tell of."""


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        # What is no question gets no answer.
        if (reply := answer(data, self._lookup)) is not None:
            self._transport.sendto(reply, sender)


def answer(data: bytes, lookup: Lookup) -> bytes | None:
    """The reply to a query, or None when it is none."""
    try:
        number, flags, questions, *_ = HEADER.unpack_from(data)
        name, end = _name(data, HEADER.size)
        kind, _ = struct.unpack_from("!2H", data, end)
    except (struct.error, UnicodeDecodeError, IndexError):
        return None
    if flags & ANSWER or questions != 1:
        return None
    code, records = _records(name, kind, lookup) if not flags & OPCODE else (NOT_IMPLEMENTED, [])
    head = HEADER.pack(number, ANSWER | AUTHORITATIVE | flags & RECURSION_DESIRED | code, 1, len(records), 0, 0)
    question = data[HEADER.size : end + 4]
    return (
        head
        + question
        + b"".join(struct.pack("!3HIH", SAME_NAME, kind, 1, TTL, len(record)) + record for record in records)
    )


def _records(name: str, kind: int, lookup: Lookup) -> tuple[int, list[bytes]]:
    try:
        found = lookup(name, KINDS.get(kind, ""))
    except NotOurs:
        return REFUSED, []
    return (NO_SUCH_NAME, []) if found is None else (NO_ERROR, [_data(kind, text) for text in found])


def _name(data: bytes, place: int) -> tuple[str, int]:
    """A name that is not compressed, and where it ends."""
    labels = []
    while size := data[place]:
        if size > 63:
            raise IndexError("a pointer in a question")
        labels.append(data[place + 1 : place + 1 + size].decode())
        place += 1 + size
    return ".".join(labels), place + 1


def _data(kind: int, text: str) -> bytes:
    if KINDS[kind] != "TXT":
        return ipaddress.ip_address(text).packed
    raw = text.encode()
    parts = [raw[place : place + 255] for place in range(0, len(raw), 255)] or [b""]
    return b"".join(bytes([len(part)]) + part for part in parts)
