# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file on the controller: fly.toml, a token."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from .._base.errors import CollectionError
from .._converge.resource import Change, Resource


class LocalFile(Resource[tuple[str, int] | None]):
    """Text with a mode, written atomically. `show_content` is off for secrets."""

    def __init__(self, path: Path, text: str, mode: int = 0o644, *, show_content: bool = True) -> None:
        self._path, self._text, self._mode, self._show = path, text, mode, show_content

    @property
    def title(self) -> str:
        return str(self._path)

    def observe(self) -> tuple[str, int] | None:
        return read_file(self._path)

    def plan(self, observed: tuple[str, int] | None) -> list[Change]:
        if observed == (self._text, self._mode):
            return []
        before = observed[0] if observed else None
        if not self._show:
            return [Change("write", "(not shown)" if before else None, "(not shown)", self._write)]
        return [Change("write", before, self._text, self._write)]

    def describe(self, observed: tuple[str, int] | None) -> dict[str, Any]:
        return {"dest": str(self._path)}

    def _write(self) -> None:
        write_file(self._path, self._text, self._mode)


def read_file(path: Path) -> tuple[str, int] | None:
    """The file's text and mode; None when it is not there. Raises when it cannot be read."""
    try:
        return path.read_text(), path.stat().st_mode & 0o777
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CollectionError("the file cannot be read", where=str(path), why=str(error)) from error


def write_file(path: Path, text: str, mode: int) -> None:
    """Write it whole: readers see the old or the new file, never a part, and never another mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
        os.replace(temporary, path)
    except OSError as error:
        raise CollectionError("the file cannot be written", where=str(path), why=str(error)) from error


def remove_file(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CollectionError("the file cannot be removed", where=str(path), why=str(error)) from error
