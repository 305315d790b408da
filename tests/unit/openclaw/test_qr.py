"""A QR code's picture becomes what a phone can scan from a terminal."""

from __future__ import annotations

import base64
import random
import struct
import zlib

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.qr import PREFIX, QrUnreadable, text

BLOCKS = {" ": (True, True), "▄": (True, False), "▀": (False, True), "█": (False, False)}
Modules = list[list[bool]]


def code(side: int) -> Modules:
    """Modules at random, with the three corners."""
    chance = random.Random(side)
    modules = [[chance.random() < 0.5 for _ in range(side)] for _ in range(side)]
    for top, left in ((0, 0), (0, side - 7), (side - 7, 0)):
        for y in range(-1, 8):
            for x in range(-1, 8):
                if 0 <= top + y < side and 0 <= left + x < side:
                    ring = max(abs(y - 3), abs(x - 3))
                    modules[top + y][left + x] = ring in (0, 1, 3)
    return modules


def png(modules: Modules, scale: int, margin: int, colour: int = 6) -> str:
    """As the release renders it, each row with another of PNG's five filters."""
    size = {0: 1, 2: 3, 6: 4}[colour]
    side = (len(modules) + 2 * margin) * scale
    above, packed = bytes(side * size), b""
    for y in range(side):
        line = bytearray()
        for x in range(side):
            row, column = y // scale - margin, x // scale - margin
            inside = 0 <= row < len(modules) and 0 <= column < len(modules)
            grey = 0 if inside and modules[row][column] else 255
            line += bytes([grey] * min(size, 3) + [255] * (size == 4))
        packed += bytes([y % 5]) + filtered(y % 5, bytes(line), above, size)
        above = bytes(line)
    header = struct.pack(">IIBBBBB", side, side, 8, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(packed)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(data)) + kind + data + b"CRC." for kind, data in chunks)
    return PREFIX + base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


def filtered(kind: int, line: bytes, above: bytes, size: int) -> bytes:
    found = bytearray()
    for place, value in enumerate(line):
        left, corner = (line[place - size], above[place - size]) if place >= size else (0, 0)
        up, guess = above[place], 0
        if kind == 4:
            guess = left + up - corner
            guess = min((left, up, corner), key=lambda near: abs(guess - near))
        found.append((value - (0, left, up, (left + up) // 2, guess)[kind]) & 255)
    return bytes(found)


def scanned(shown: str) -> Modules:
    rows: Modules = []
    for line in shown.splitlines():
        for half in (0, 1):
            rows.append([BLOCKS[block][half] for block in line])
    side = len(rows[0])
    assert not any(any(row) for row in rows[:2] + rows[side - 2 :])
    assert not any(row[x] for row in rows for x in (0, 1, side - 1, side - 2))
    return [row[2 : side - 2] for row in rows[2 : side - 2]]


@pytest.mark.parametrize(("side", "scale", "margin", "colour"), [(21, 6, 4, 6), (25, 1, 0, 0), (57, 3, 2, 2)])
def test_every_module_is_shown(side: int, scale: int, margin: int, colour: int) -> None:
    assert scanned(text(png(code(side), scale, margin, colour))) == code(side)


@pytest.mark.parametrize(
    "picture",
    [
        "data:text/html,hello",
        PREFIX + base64.b64encode(b"GIF89a").decode(),
        png(code(21), 2, 1)[:400],
        png([[True] * 20] * 20, 2, 1),
        png([[False] * 21] * 21, 2, 1),
    ],
)
def test_what_is_no_code_is_told(picture: str) -> None:
    with pytest.raises(QrUnreadable, match="is no QR code"):
        text(picture)
