# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where backups are kept: objects by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .._base.errors import CollectionError


class StoreFailed(CollectionError):
    """The store does not answer, or refuses to. Nothing is known of what is in it."""


class Store(Protocol):
    """Objects by name, such as my-app/20261126T120000Z-1a2b3c4d/manifest.json. All methods raise CollectionError."""

    place: str
    """How messages call it."""

    def check(self) -> None:
        """Raise when nothing can be written, as far as that shows without writing."""

    def require(self) -> None:
        """Raise when there is no such place, which may be a misspelt one."""

    def folders(self) -> list[str]:
        """The first parts of all names, which are the apps that have backups."""

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """The names below `prefix` and their sizes in bytes."""

    def read(self, name: str) -> bytes: ...

    def write(self, name: str, content: bytes) -> None:
        """Whole, or not at all."""

    def remove(self, name: str) -> None: ...
