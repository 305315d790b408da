# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup that can be restored: read to its end with a private key before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from .._base.errors import CollectionError
from .._base.files import read_file
from .age import Identities
from .inside import Inside, inside
from .manifest import Manifest
from .parts import read_parts
from .store import Store


class OpenedBackup:
    """A stored backup and the keys for it. Its content is never held but part by part."""

    def __init__(self, store: Store, manifest: Manifest, identities: Identities) -> None:
        self._store, self._identities, self.manifest = store, identities, manifest

    @property
    def place(self) -> str:
        """How messages call it."""
        return f"{self._store.place}/{self.manifest.folder}"

    @cached_property
    def inside(self) -> Inside:
        """Reads all of it. Raises for a wrong key, and for a backup that is damaged or cut."""
        return inside(self.parts(), self.place)

    def verify(self) -> None:
        """Raise as `inside` does."""
        self.inside  # noqa: B018 - read for what it raises

    def parts(self) -> Iterator[bytes]:
        return read_parts(self._store, self.manifest, self._identities)


def identities_of(path: str) -> Identities:
    """The private keys in a file of the controller."""
    found = read_file(Path(path).expanduser())
    if found is None:
        todo = "Name the file that age-keygen wrote"
        raise CollectionError("there is no private key", where=path, why="the file does not exist", todo=todo)
    return Identities(found[0])
