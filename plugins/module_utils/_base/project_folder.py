# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders beside an inventory in which a run keeps what no repository should hold: .secrets and .fly."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

from .errors import CollectionError

FOLDERS = frozenset({".secrets", ".fly"})
_IGNORE = "# Written by openclaw.fly: secrets and what is rendered from the inventory stay out of the repository.\n*\n"
_VAULT = b"$ANSIBLE_VAULT"


class NoFolder(CollectionError):
    """An inventory that is a list of hosts (`-i name,`) has no folder, so a path beside it begins at the root."""

    def __init__(self) -> None:
        super().__init__(
            "the inventory has no folder",
            where="fly_app_folder",
            why="it is a list of hosts (-i NAME,), and fly.toml and the token are kept beside the inventory",
            todo="Write an inventory file, or set fly_app_folder to a folder of the project",
        )


def is_nowhere(path: Path) -> bool:
    return len(path.parts) > 1 and path.is_absolute() and path.parts[1] in FOLDERS


def make_folder_of(path: Path, mode: int = 0o777) -> None:
    """Make the folder of a file. In .secrets and .fly it gets a .gitignore, unless there is one.

    Raises when it is nowhere, and OSError when it cannot be made.
    """
    if is_nowhere(path):
        raise NoFolder
    path.parent.mkdir(mode=mode, parents=True, exist_ok=True)
    folder = next((parent for parent in path.parents if parent.name in FOLDERS), None)
    if folder is not None:
        with suppress(OSError), (folder / ".gitignore").open("x") as file:
            file.write(_IGNORE)


def is_tracked(path: Path) -> bool:
    """Whether git tracks the file, or would add it as it is: it is in an index already. False without git."""
    if not any((parent / ".git").exists() for parent in path.absolute().parents):
        return False
    command = ["git", "-C", str(path.parent), "ls-files", "--error-unmatch", "--", path.name]
    try:
        # No module is at hand, and nothing of the answer is wanted. pylint: disable-next=ansible-bad-function
        return subprocess.run(command, capture_output=True, check=False, timeout=10).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def is_encrypted(path: Path) -> bool:
    """Whether ansible-vault encrypted it. False when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_VAULT)) == _VAULT
    except OSError:
        return False
