# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill a volume from an archive of OpenClaw's, in a machine that only sleeps on it.

By tar and not by `openclaw backup restore`, which older releases lack and which writes a second copy. The archive lies
in the machine's /tmp meanwhile, which is not on the volume.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from .._base.errors import CollectionError
from .._fly.machines.detached import Command, run_detached
from .._fly.machines.remote_files import RemoteFiles
from .._fly.machines.transfer import Transfer

_ARCHIVE: Final = "/tmp/.openclaw-restore.tar.gz"
_TIMEOUT: Final = 1800.0
_FULL: Final = ("No space left", "Disk quota")
# The volume is empty but for what a run that was cut off left; a file of root's would stop the gateway.
_FILL: Final = """
set -eu
umask 077
find "$2" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf -- {} +
tar -xzf "$1" -C "$2" --strip-components="$4" --no-same-owner "$3"
chown -R -h "$5" "$2"
chmod 700 "$2"
rm -f -- "$1"
sync
"""


@dataclass(frozen=True)
class Filling:
    """Of the volume mounted at `mount`, with what the archive has below `prefix` and that path."""

    prefix: str
    mount: str
    owner: str


def fill(files: RemoteFiles, archive: BinaryIO, filling: Filling, progress: Callable[[str], None]) -> None:
    """Copy the archive to the machine and unpack it. May be repeated. Raises when a disk is full."""
    Transfer(files, files.place).put_stream(archive, _ARCHIVE)
    inside = f"{filling.prefix}{filling.mount.rstrip('/')}"
    arguments = [_ARCHIVE, filling.mount, inside, str(inside.count("/") + 1), filling.owner]
    what = "the archive was not unpacked"
    command = Command(["sh", "-c", _FILL, "sh", *arguments], what, too_slow="Run again, on a larger machine")
    answer = run_detached(files, command, _TIMEOUT, progress)
    if answer["exit_code"]:
        said = str(answer["stderr"]).strip()[-500:]
        full = any(each in said for each in _FULL)
        raise CollectionError(
            "the archive cannot be unpacked",
            where=files.place,
            why="the volume is full" if full else said or f"exit code {answer['exit_code']}",
            todo="Raise fly_app_volume_size_gb, and run again" if full else "Run again",
            exit_code=answer["exit_code"],
        )
