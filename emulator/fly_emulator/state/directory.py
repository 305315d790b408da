"""The state directory belongs to one user: whose it must be, and how files in it are opened."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

TOKEN_FILE = "token"
PLAIN = ("apps", "organizations", "logs", "tls")
"""Folders that hold the emulator's own files and nothing that a machine wrote."""
OF_MACHINES = ("volumes", "machines", "runtime")
"""Folders with one folder an item, in which machines write."""
NO_LINKS = os.O_NOFOLLOW | os.O_CLOEXEC


class StateUnsafe(Exception):
    """Somebody else could read or change what the emulator keeps; the text says what and what to do."""


class StateUnreadable(Exception):
    """A file of the state directory cannot be read; the text names it and says what to do."""


def claim(directory: Path) -> None:
    """Make the state directory if it does not exist, then `check` it."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    check(directory)


def check(directory: Path) -> None:
    """Raise StateUnsafe unless the directory, if it exists, is this user's alone to write and holds no links."""
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise _unsafe(directory, directory, "is a symbolic link")
    if not stat.S_ISDIR(found.st_mode):
        raise _unsafe(directory, directory, "is not a folder")
    if found.st_uid != os.geteuid():
        raise _unsafe(directory, directory, f"belongs to another user (uid {found.st_uid}, not {os.geteuid()})")
    if found.st_mode & 0o022:
        raise StateUnsafe(
            f"The state directory {directory} can be written to by other users (mode {found.st_mode & 0o777:04o}). "
            f"They could make the emulator run commands as you. Run `chmod go-w {directory}` if what is in it is "
            "yours, or use another --state-dir."
        )
    for path, whose in _own(directory):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue  # a running emulator's temporary file
        if stat.S_ISLNK(found.st_mode):
            raise _unsafe(directory, path, "is a symbolic link")
        if whose and found.st_uid != os.geteuid():
            raise _unsafe(directory, path, f"belongs to another user (uid {found.st_uid})")


def _unsafe(directory: Path, path: Path, why: str) -> StateUnsafe:
    where = "" if path == directory else f"{path} in "
    return StateUnsafe(
        f"The emulator does not use {where}the state directory {directory}: it {why}, so writing there could change "
        "files elsewhere. Remove it if you do not know it, or use another --state-dir."
    )


def _own(directory: Path) -> Iterator[tuple[Path, bool]]:
    """What the emulator itself made below the directory, and whether it must be this user's.

    Folders of machines may be their users'; what lies in them may hold links.
    """
    for path in directory.iterdir():
        yield path, True
        if path.name in (*PLAIN, *OF_MACHINES) and path.is_dir() and not path.is_symlink():
            yield from ((below, path.name in PLAIN) for below in path.iterdir())


def open_own(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a file of the state directory; a link in its place is an error, never followed."""
    return os.open(path, flags | NO_LINKS, mode)


def write_atomic(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace `path` by `text`; readers see the old or the new file, never a part."""
    write_bytes(path, text.encode(), mode)


def write_bytes(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `content`, as `write_atomic` does."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    try:
        with os.fdopen(open_own(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(content)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def append_to(path: Path) -> IO[str]:
    """Open a text file of the state directory for appending."""
    return os.fdopen(open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "a", encoding="utf-8")


def own_token(directory: Path) -> str:
    """The token of this state directory: random, made once, in a file that only its owner reads."""
    path = directory / TOKEN_FILE
    if not path.exists():
        write_atomic(path, f"fo1_{secrets.token_urlsafe(32)}\n")
    return read_token(path)


def read_token(path: Path) -> str:
    """The token in a file; raises StateUnsafe when others can read it or there is none in it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise StateUnsafe(f"The token file {path} cannot be read: {error.strerror}.") from error
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as stream:
        if os.fstat(descriptor).st_mode & 0o077:
            raise StateUnsafe(
                f"The token file {path} can be read by other users. Run `chmod 600 {path}`, and make a new token if "
                "it was used elsewhere."
            )
        token = stream.read().strip().removeprefix("FlyV1 ")
    if not token or len(token.split()) != 1:
        raise StateUnsafe(f"The token file {path} must hold one token on one line.")
    return token
