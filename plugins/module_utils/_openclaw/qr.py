# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A QR code that a gateway sends as a picture, as text for a terminal."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import Final

from .errors import OpenClawError

PREFIX: Final = "data:image/png;base64,"
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {0: 1, 2: 3, 4: 2, 6: 4}
"""Samples of a pixel by PNG's colour type: grey, RGB, and both with alpha."""
_QUIET: Final = 2
"""Light modules around the code."""
_BLOCKS: Final = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}
"""By (upper module dark, lower module dark): light is drawn, for terminals are dark."""


class QrUnreadable(OpenClawError):
    """What should be a picture of a QR code is none."""


def text(data_url: str) -> str:
    """The code in a PNG's data URL as lines of block characters, two modules high each.

    :raises QrUnreadable: if it is no such picture.
    """
    try:
        modules = _modules(_dark(data_url))
    except (ValueError, IndexError, struct.error, zlib.error, binascii.Error) as error:
        raise QrUnreadable("The gateway's picture is no QR code", why=str(error)) from None
    side = len(modules) + 2 * _QUIET
    light = [False] * side
    rows = [light] * _QUIET + [[False] * _QUIET + row + [False] * _QUIET for row in modules] + [light] * (_QUIET + 1)
    return "\n".join(
        "".join(_BLOCKS[pair] for pair in zip(rows[y], rows[y + 1], strict=True)) for y in range(0, side, 2)
    )


def _modules(dark: list[list[bool]]) -> list[list[bool]]:
    """Sample the middle of each module: the code begins with the seven dark ones of its first corner."""
    margin = next((y for y, row in enumerate(dark) if any(row)), 0)
    corner = dark[margin]
    left = corner.index(True)
    scale = corner.index(False, left) - left
    if scale % 7 or not scale:
        raise ValueError("it does not begin with a corner of seven modules")
    scale //= 7
    count = (len(corner) - 2 * left) // scale
    if count < 21 or (count - 17) % 4:
        raise ValueError(f"{count} modules are no QR code's side")
    middle = scale // 2
    return [[dark[margin + y * scale + middle][left + x * scale + middle] for x in range(count)] for y in range(count)]


def _dark(data_url: str) -> list[list[bool]]:
    """Which pixels are dark, row by row; PNG with eight bits a sample and no interlacing (RFC 2083)."""
    png = base64.b64decode(data_url.removeprefix(PREFIX), validate=True)
    if not png.startswith(_SIGNATURE):
        raise ValueError("it is no PNG")
    header, packed, at = b"", b"", len(_SIGNATURE)
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        chunk = png[at + 8 : at + 8 + length]
        header, packed = chunk if kind == b"IHDR" else header, packed + chunk if kind == b"IDAT" else packed
        at += length + 12
    width, height, depth, colour, _packing, _filter, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 8 or interlaced or colour not in _CHANNELS or width * height > 2_000_000:
        raise ValueError("it is a PNG of another kind")
    size = _CHANNELS[colour]
    stride, raw = width * size, zlib.decompress(packed)
    rows, above = [], bytes(stride)
    for y in range(height):
        start = y * (stride + 1)
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, size)
        rows.append([above[x] < 128 for x in range(0, stride, size)])
    return rows


def _unfiltered(kind: int, line: bytes, above: bytes, size: int) -> bytes:
    """Undo a row's filter (RFC 2083, section 6)."""
    row = bytearray(line)
    for place, value in enumerate(row):
        left = row[place - size] if place >= size else 0
        corner = above[place - size] if place >= size else 0
        up = above[place]
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda near: abs(guess - near))
        predicted = (0, left, up, (left + up) // 2, nearest)[kind]
        row[place] = (value + predicted) & 0xFF
    return bytes(row)
