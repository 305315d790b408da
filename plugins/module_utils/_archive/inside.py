# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in an archive of OpenClaw's, read as a stream: nothing of it touches a disk."""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from .._base.errors import CollectionError

_PAYLOAD = "/payload/posix"
_BLOCK, _LEVELS = 4096, 13
_LARGEST_MANIFEST = 16 * 1024 * 1024
_GB = 1024**3
_SPARE, _METADATA = 64 * 1024**2, 1.1
"""Bytes that the gateway needs to start, and what a file system adds to its files."""


@dataclass(frozen=True)
class Inside:
    """`prefix` stands before each absolute path in the archive; `state` is where the gateway had its state."""

    prefix: str
    state: str
    release: str | None
    sizes: Mapping[str, int]
    """Bytes on a disk by folder, an absolute path of ten levels at most."""

    def size_gb(self, path: str) -> int:
        """Of the smallest volume that can take what is below `path`."""
        size = sum(size for folder, size in self.sizes.items() if _is_below(folder, path))
        return -(-int(size * _METADATA + _SPARE) // _GB)

    def outside(self, path: str) -> list[str]:
        """What is not below `path`, by its first three levels."""
        others = (folder for folder in self.sizes if not _is_below(folder, path))
        return sorted({"/".join(folder.split("/")[:4]) for folder in others} - {""})


def inside(archive: Iterable[bytes], where: str) -> Inside:
    """Read an archive to its end. Raises when it is not one of OpenClaw's; what `archive` raises is passed on."""
    stream = Stream(archive)
    sizes: dict[str, int] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(fileobj=stream.file, mode="r|gz") as opened:
            for member in opened:
                vars(opened)["members"] = []  # else it keeps each, and a state may have very many files
                path = PurePosixPath(member.name).as_posix()
                if path.count("/") == 1 and path.endswith("/manifest.json") and member.size < _LARGEST_MANIFEST:
                    content = opened.extractfile(member)
                    manifest = {**json.loads(content.read() if content else b"{}"), "root": path.partition("/")[0]}
                elif not member.isdir():
                    folder = "/".join(path.split("/")[:-1][:_LEVELS])
                    sizes[folder] = sizes.get(folder, 0) + _on_disk(member.size)
        stream.drain()
        return _described(manifest, sizes)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CollectionError(
            "the backup is no archive of OpenClaw", where=where, why=str(error), todo="Use another backup"
        ) from None


def _described(manifest: dict[str, Any], sizes: dict[str, int]) -> Inside:
    state, prefix = str(manifest["paths"]["stateDir"]), f"{manifest['root']}{_PAYLOAD}"
    there = {path.removeprefix(prefix): size for path, size in sizes.items() if path.startswith(f"{prefix}/")}
    if not any(_is_below(folder, state) for folder in there):
        raise ValueError(f"it has nothing of {state}")
    release = manifest.get("runtimeVersion")
    return Inside(prefix, state, str(release) if release else None, there)


def _is_below(folder: str, path: str) -> bool:
    return f"{folder}/".startswith(f"{path.rstrip('/')}/")


def _on_disk(size: int) -> int:
    return (size // _BLOCK + 2) * _BLOCK


class Stream:
    """The parts of an archive as a file to read from."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts: Iterator[bytes] = iter(parts)
        self._rest = memoryview(b"")

    @property
    def file(self) -> BinaryIO:
        """For what asks for a file, and only reads it."""
        return cast(BinaryIO, self)

    def read(self, size: int) -> bytes:
        found = []
        while size > 0:
            if not self._rest:
                self._rest = memoryview(next(self._parts, b""))
                if not self._rest:
                    break
            found.append(bytes(self._rest[:size]))
            self._rest = self._rest[size:]
            size -= len(found[-1])
        return b"".join(found)

    def drain(self) -> None:
        """Read what a reader of the archive did not need: only at the end its digest is known."""
        for _part in self._parts:
            pass
