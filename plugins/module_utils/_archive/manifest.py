# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup is: an archive in encrypted parts, and a manifest that says what must be there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from .._base.errors import CollectionError
from .store import Store, StoreFailed

NAME: Final = "manifest.json"
ARCHIVE: Final = "openclaw-backup.tar.gz"
_FORMAT: Final = 1
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True)
class Part:
    """An encrypted object in the backup's folder: its bytes, and their SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`sha256` and `size` are the archive's own, before it was encrypted."""

    app: str
    id: str
    created_at: str
    sha256: str
    size: int
    part_size: int
    release: str | None = None
    counts: Mapping[str, object] | None = None
    """What the gateway contained right before; None when it did not answer."""
    left_out: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    complete: bool = False
    source: str = ""
    """Where the archive lies in the machine until all of it is stored."""
    machine: str = ""
    updated_at: str = ""

    @property
    def folder(self) -> str:
        return f"{self.app}/{self.id}"

    def part_name(self, number: int) -> str:
        """Of part `number`, from 1."""
        return f"{ARCHIVE}.{number:04}.age"

    @property
    def part_count(self) -> int:
        return max(1, -(-self.size // self.part_size))

    def write(self, store: Store) -> None:
        text = json.dumps({"format": _FORMAT, **asdict(self)}, indent=2, sort_keys=True)
        store.write(f"{self.folder}/{NAME}", text.encode() + b"\n")


@dataclass(frozen=True)
class Backup:
    """What the store has of a backup. `problems` says what is missing or damaged; an empty one can be restored."""

    id: str
    manifest: Manifest | None
    stored: int
    """Bytes in the store."""
    names: tuple[str, ...]
    problems: tuple[str, ...] = field(default=())

    @property
    def good(self) -> bool:
        return self.manifest is not None and not self.problems

    @property
    def damaged(self) -> bool:
        """Whether all of it was stored once: it is reported, and nobody but a person removes it."""
        if self.manifest:
            return self.manifest.complete and bool(self.problems)
        return any(name.endswith(f"/{NAME}") for name in self.names)


def is_id(text: str) -> bool:
    """Whether it looks like the id of a backup."""
    return bool(_ID.fullmatch(text))


def parsed(text: bytes, where: str) -> Manifest:
    """Raises when it is none of ours."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data.pop("format") != _FORMAT:
            raise ValueError("its format is another")
        parts = tuple(Part(**part) for part in data.pop("parts"))
        return Manifest(**{**data, "parts": parts, "left_out": tuple(data["left_out"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CollectionError("the manifest cannot be read", where=where, why=str(error)) from None


def backups(store: Store, app: str) -> list[Backup]:
    """The app's backups, newest first, judged by the names and sizes in the store; other files are left alone."""
    by_id: dict[str, dict[str, int]] = {}
    for name, size in store.sizes(f"{app}/").items():
        identity = name.removeprefix(f"{app}/").partition("/")[0]
        if is_id(identity):
            by_id.setdefault(identity, {})[name] = size
    return [_judged(store, app, identity, by_id[identity]) for identity in sorted(by_id, reverse=True)]


def _judged(store: Store, app: str, identity: str, sizes: Mapping[str, int]) -> Backup:
    def backup(manifest: Manifest | None, *problems: str) -> Backup:
        return Backup(identity, manifest, sum(sizes.values()), tuple(sorted(sizes)), problems)

    name = f"{app}/{identity}/{NAME}"
    if name not in sizes:
        return backup(None, "it has no manifest")
    try:
        manifest = parsed(store.read(name), f"{store.place}/{name}")
    except StoreFailed:
        raise
    except CollectionError as error:
        return backup(None, f"{error.what}: {error.why}")
    if not manifest.complete:
        return backup(manifest, "it is not complete")
    there = {part: sizes.get(f"{manifest.folder}/{part.name}") for part in manifest.parts}
    problems = [f"{part.name} is missing" for part, size in there.items() if size is None]
    problems += [f"{part.name} has another size" for part, size in there.items() if size not in (None, part.size)]
    return backup(manifest, *problems)
