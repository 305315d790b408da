# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the machine that runs the module: fly.toml, tokens, ledgers, caches."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .errors import CollectionError
from .project_folder import make_folder_of


def read_file(path: Path) -> tuple[str, int] | None:
    """The file's text and mode; None when it does not exist. Raises when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CollectionError("the file cannot be read", where=str(path), why=_why(error)) from error


def write_file(path: Path, content: str | bytes, mode: int) -> None:
    """Write it atomically: a reader sees the old or the new file, never a part of it, and never another mode.

    Raises when the file cannot be written, and leaves nothing behind then.
    """
    temporary = ""
    try:
        make_folder_of(path)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content.encode() if isinstance(content, str) else content)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, OSError):
            raise CollectionError("the file cannot be written", where=str(path), why=_why(error)) from error
        raise


def remove_file(path: Path) -> None:
    """Remove it, if it exists."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CollectionError("the file cannot be removed", where=str(path), why=_why(error)) from error


def _why(error: OSError | UnicodeDecodeError) -> str:
    """Without the path, which is named already."""
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"
