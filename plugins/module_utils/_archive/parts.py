# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive's way into the store and back, in parts: encrypted before they are stored, checked when they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from .._base.errors import CollectionError
from .age import Identities, Recipients
from .manifest import Manifest, Part
from .store import Store

PART: Final = 16 * 1024 * 1024
"""Bytes of an archive in one object: two of them are held in memory."""


def store_parts(
    store: Store,
    manifest: Manifest,
    recipients: Recipients,
    read: Callable[[int, int], Iterable[bytes]],
    stored: Callable[[Manifest], object],
) -> Manifest:
    """Store the parts that are not there yet; return the manifest with all of them.

    `read` gives the archive's bytes from one offset to another; `stored` is told of each part.
    """
    for number in range(len(manifest.parts) + 1, manifest.part_count + 1):
        start = (number - 1) * manifest.part_size
        data = b"".join(read(start, min(start + manifest.part_size, manifest.size)))
        sealed = recipients.encrypt(data)
        part = Part(manifest.part_name(number), len(sealed), hashlib.sha256(sealed).hexdigest())
        store.write(f"{manifest.folder}/{part.name}", sealed)
        manifest = replace(manifest, parts=(*manifest.parts, part))
        stored(manifest)
    return manifest


def read_parts(store: Store, manifest: Manifest, identities: Identities) -> Iterator[bytes]:
    """The archive, part by part. Raises for a part that is damaged or missing, and for another archive than it was."""
    digest = hashlib.sha256()
    for part in manifest.parts:
        name = f"{manifest.folder}/{part.name}"
        data = identities.decrypt(checked(store, name, part), f"{store.place}/{name}")
        digest.update(data)
        yield data
    if digest.hexdigest() != manifest.sha256:
        raise _damaged(f"{store.place}/{manifest.folder}", "its parts are not those of the archive")


def checked(store: Store, name: str, part: Part) -> bytes:
    """The part as it was stored, under this name."""
    sealed, where = store.read(name), f"{store.place}/{name}"
    if len(sealed) != part.size:
        raise _damaged(where, f"it has {len(sealed)} bytes, {part.size} were stored")
    if hashlib.sha256(sealed).hexdigest() != part.sha256:
        raise _damaged(where, "its content is not what was stored")
    return sealed


def _damaged(where: str, why: str) -> CollectionError:
    return CollectionError("the backup is damaged", where=where, why=why, todo="Use another backup")
