# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy files of any size to and from a machine over exec, in parts, with a digest at the end.

Fly.io documents no limit for what an exec takes and returns; its init once took 16 KiB, an API of today about 1 MB. So
the first part is below all that is known, the next ones grow, and one that is refused or comes back cut is sent in
smaller ones. Each step may be sent twice. The target is replaced only when the copy is complete and its digest
is right.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from ..._base.errors import CollectionError
from ..client.errors import CommandNotFound, FlyError, LeaseHeld, WrongState

PART = 384 * 1024
"""Bytes in one request; a third more as base64. A request body of about 1 MB was accepted by the real platform."""
FIRST_PART, SMALLEST_PART, GROWTH = 8 * 1024, 2 * 1024, 4
_FIRST_READ = 32 * 1024
"""Of an answer nothing is known but that it carries more."""
_NOT_SIZE = (401, 403, 404, 429)
"""Statuses that say nothing about a body's size."""
_NEVER = (CommandNotFound, LeaseHeld, WrongState)
_APPEND = """
set -eu
umask 077
size=$(stat -c %s -- "$1" 2>/dev/null || echo 0)
if [ "$size" -gt "$2" ]; then truncate -s "$2" -- "$1"; fi
base64 -d >> "$1"
stat -c %s -- "$1"
"""
_FINISH = """
set -eu
if [ -e "$1" ]; then
  digest=$(sha256sum < "$1" | cut -d ' ' -f 1)
  if [ "$digest" != "$3" ]; then rm -f -- "$1"; echo "$digest"; exit 0; fi
  mv -f -- "$1" "$2"
fi
sha256sum < "$2" | cut -d ' ' -f 1
"""
_LOOK = 'stat -L -c %s -- "$1" && sha256sum < "$1" | cut -d " " -f 1'
_PART = 'tail -c "+$2" -- "$1" | head -c "$3" | base64 | tr -d "\\n"'


class Shell(Protocol):
    """What runs scripts in the machine (`remote_files.RemoteFiles`)."""

    def shell(
        self, what: str, script: str, arguments: list[str], stdin: str | None = None, *, safe: bool = False
    ) -> str: ...

    def run_part(self, what: str, script: str, arguments: list[str], stdin: str) -> str: ...

    def remove(self, *paths: str) -> None: ...


class Transfer:
    """Files of one machine, of any size."""

    def __init__(self, remote: Shell, where: str) -> None:
        self._remote, self._where = remote, where
        self._part, self._most = FIRST_PART, PART
        self._read, self._most_read = _FIRST_READ, PART

    def put(self, source: Path, target: str) -> None:
        """Copy a local file; nothing is left beside the target if it fails."""
        with source.open("rb") as content:
            self.put_stream(content, target)

    def put_stream(self, content: BinaryIO, target: str) -> None:
        beside = f"{target}.{secrets.token_hex(6)}.part"
        digest = hashlib.sha256()
        try:
            sent = 0
            while (data := content.read(PART)) or not sent:
                digest.update(data)
                self._append(beside, sent, data)
                sent += len(data)
                if not data:
                    break
            found = self._remote.shell("finish a copy", _FINISH, [beside, target, digest.hexdigest()], safe=True)
        except BaseException:
            self._remote.remove(beside)
            raise
        self._compare(target, digest.hexdigest(), found.strip())

    def fetch(self, source: str, target: Path) -> None:
        """Copy a file of the machine to the controller."""
        size, wanted = self.digest(source)
        digest = hashlib.sha256()
        beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
                for data in self.parts(source, 0, size):
                    digest.update(data)
                    copy.write(data)
            self._compare(source, wanted, digest.hexdigest())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)

    def read(self, source: str) -> bytes:
        """A file's content."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            self.fetch(source, copy)
            return copy.read_bytes()

    def digest(self, source: str) -> tuple[int, str]:
        """The size in bytes and the SHA-256 of a file of the machine."""
        size, digest = self._remote.shell("read a file", _LOOK, [source], safe=True).split()
        return int(size), digest

    def parts(self, source: str, offset: int, end: int) -> Iterator[bytes]:
        """The content between two offsets, in parts that grow; one that comes back cut is asked for again, smaller."""
        while offset < end:
            count = min(self._read, end - offset)
            text = self._remote.shell("read a file", _PART, [source, str(offset + 1), str(count)], safe=True)
            data = base64.b64decode(text[: len(text) // 4 * 4])
            if len(data) < count and self._read > SMALLEST_PART:
                self._read //= 2
                self._most_read = self._read
                continue
            self._read = min(self._read * GROWTH, self._most_read)
            if not data:
                return  # it became shorter: the digest tells
            offset += len(data)
            yield data

    def _append(self, path: str, offset: int, data: bytes) -> None:
        """Append at `offset`, in one request or, where that is refused as too large, in several."""
        done = 0
        while done < len(data) or not data:
            part = data[done : done + self._part]
            try:
                arguments = [path, str(offset + done)]
                text = base64.b64encode(part).decode()
                size = self._remote.run_part("copy a file", _APPEND, arguments, text).strip()
            except FlyError as error:
                if len(part) <= SMALLEST_PART or error.status in _NOT_SIZE or isinstance(error, _NEVER):
                    raise
                self._part = self._most = max(len(part) // 2, SMALLEST_PART)
                continue
            self._part = min(self._part * GROWTH, self._most)
            done += len(part)
            if size != str(offset + done):
                raise CollectionError(
                    "a part of a file did not arrive whole",
                    where=f"{self._where}: {path}",
                    why=f"it has {size} bytes, {offset + done} were sent",
                    todo="See that the disk is not full, and run again",
                )
            if not data:
                return

    def _compare(self, path: str, wanted: str, found: str) -> None:
        if wanted != found:
            raise CollectionError(
                "the copy differs from the file",
                where=f"{self._where}: {path}",
                why=f"its SHA-256 is {found}, not {wanted}",
                todo="The file may have changed while it was copied; run again",
            )
