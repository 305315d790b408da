# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups in a folder of the controller."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .._base.errors import CollectionError
from .._base.files import remove_file, write_file
from .._base.project_folder import make_folder_of

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FolderStore:
    """Files of mode 0600 in folders of mode 0700."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder).expanduser()
        self.place = str(self._folder)

    def check(self) -> None:
        # Of os.path, whose functions answer false where Path's raise: below a folder that cannot be searched.
        there = next(parent for parent in (self._folder, *self._folder.absolute().parents) if os.path.exists(parent))
        if not os.path.isdir(there) or not os.access(there, os.W_OK | os.X_OK):
            why = f"{there} is no folder" if not os.path.isdir(there) else f"{there} is not yours to write to"
            todo = "Name another folder, or have it made writable for who runs Ansible"
            raise CollectionError("no backup can be stored", where=self.place, why=why, todo=todo)

    def require(self) -> None:
        if not os.path.isdir(self._folder):
            why = "it does not exist, or is no folder"
            raise CollectionError("there are no backups", where=self.place, why=why, todo="Correct its name")

    def folders(self) -> list[str]:
        try:
            return sorted(path.name for path in self._folder.iterdir() if path.is_dir())
        except OSError as error:
            raise CollectionError(
                "the backups cannot be listed", where=self.place, why=error.strerror or str(error)
            ) from error

    def sizes(self, prefix: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        try:
            for path in (self._folder / prefix).rglob("*"):
                if path.is_file() and not path.name.startswith("."):
                    found[path.relative_to(self._folder).as_posix()] = path.stat().st_size
        except OSError as error:
            raise CollectionError(
                "the backups cannot be listed", where=self.place, why=error.strerror or str(error)
            ) from error
        return found

    def read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise CollectionError(
                "a part of the backup cannot be read", where=f"{self.place}/{name}", why=error.strerror or str(error)
            ) from error

    def write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        try:
            make_folder_of(path, 0o700)
        except OSError as error:
            raise CollectionError(
                "the folder cannot be made", where=str(path.parent), why=error.strerror or str(error)
            ) from error
        try:
            write_file(path, content, 0o600)
        except CollectionError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _FULL:
                raise _full(str(path), error.why) from None
            raise

    def remove(self, name: str) -> None:
        path = self._folder / name
        remove_file(path)
        with suppress(OSError):  # it has other files
            os.rmdir(path.parent)


def _full(path: str, why: str) -> CollectionError:
    return CollectionError(
        "the backup cannot be stored",
        where=path,
        why=f"the disk is full ({why})",
        todo="Free some of it (fly_app_backup_keep keeps fewer backups) or name another fly_app_backup_folder, and run "
        "again: a copy that was cut off is continued after ten minutes",
    )
