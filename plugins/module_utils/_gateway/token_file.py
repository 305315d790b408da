# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file on the controller that keeps a gateway's token."""

from __future__ import annotations

import os
from pathlib import Path

from .._base.errors import CollectionError
from .._base.project_folder import is_encrypted, is_tracked, make_folder_of

SHORTEST = 24
"""Characters; OpenClaw's own audit warns below."""


def keep(path: Path, token: str) -> bool:
    """Write a new file whole, 0600; False when another run was first. Raises OSError when it cannot be written."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    make_folder_of(path, 0o700)
    with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(token + "\n")
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def refuse_exposed(path: Path) -> None:
    """A token that others can read, here or in a clone of the repository, is no secret, unless it is encrypted."""
    try:
        mode = path.stat().st_mode & 0o777
    except OSError:
        return
    if path.is_dir() or is_encrypted(path):  # reading says that it is a folder
        return
    if is_tracked(path):
        raise CollectionError(
            "the gateway token is tracked by git",
            where=str(path),
            why="it is with everybody who has a clone, and in every later commit",
            todo=f"Run git rm --cached {path} and make a new token, or encrypt the file with ansible-vault encrypt",
        )
    if mode & 0o077:
        raise CollectionError(
            "the gateway token can be read by other users of this machine",
            where=str(path),
            why=f"its mode is {mode:04o}",
            todo=f"Run chmod 600 {path}, or encrypt it with ansible-vault encrypt",
        )


def unreadable(path: Path, error: Exception) -> CollectionError:
    """The error for a token file that is there and cannot be read, or decrypted."""
    reason: BaseException = error
    while reason.__cause__ is not None:
        reason = reason.__cause__
    return CollectionError(
        "the gateway token cannot be read",
        where=str(path),
        why=str(getattr(reason, "strerror", None) or reason),
        todo=f"Make it a file that you can read (chmod 600 {path}) or give its vault password; or set "
        "fly_app_gateway_token_file to another file",
    )


def token_in(path: Path, text: str) -> str:
    """The token that the file holds. Raises when it cannot be one."""
    token = text.strip()
    if len(token) < SHORTEST or any(char.isspace() for char in token):
        raise CollectionError(
            "the gateway token is not usable",
            where=str(path),
            why=f"it must be one line of at least {SHORTEST} characters",
            todo="Write one (openssl rand -hex 32), or remove the file to let the play make one",
        )
    return token
