# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy files of any size to and from a machine over exec, in parts, with a digest at the end.

A part that is refused as too large is sent in smaller ones: Fly.io documents no limit for an exec's input. Each step
may be sent twice. The target is replaced only when the copy is complete and its digest is right.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from ..._base.errors import CollectionError
from ..client.errors import FlyError
from .remote_files import RemoteFiles

PART = 384 * 1024
"""Bytes in one request; a third more as base64. A request body of about 1 MB was accepted by the real platform."""
SMALLEST_PART = 4 * 1024
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


class Transfer:
    """Files of one machine, of any size."""

    def __init__(self, remote: RemoteFiles, where: str) -> None:
        self._remote, self._where = remote, where
        self._part = PART

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
        size, wanted = self._remote.shell("read a file", _LOOK, [source], safe=True).split()
        digest = hashlib.sha256()
        beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
                for offset in range(0, int(size), PART):
                    arguments = [source, str(offset + 1), str(min(PART, int(size) - offset))]
                    data = base64.b64decode(self._remote.shell("read a file", _PART, arguments, safe=True))
                    digest.update(data)
                    copy.write(data)
            self._compare(source, wanted, digest.hexdigest())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)

    def _append(self, path: str, offset: int, data: bytes) -> None:
        """Append at `offset`, in one request or, where that is refused as too large, in several."""
        done = 0
        while done < len(data) or not data:
            part = data[done : done + self._part]
            try:
                arguments = [path, str(offset + done)]
                text = base64.b64encode(part).decode()
                size = self._remote.shell("copy a file", _APPEND, arguments, text, safe=True).strip()
            except FlyError as error:
                if self._part <= SMALLEST_PART or error.details.get("status") not in (400, 413, 422):
                    raise
                self._part //= 2
                continue
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
