# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner of a gateway's files: what root writes into the state stops the gateway with EACCES at its next start."""

from __future__ import annotations

from .._fly.machines.remote_files import RemoteFiles

# Everything below $1 that does not belong to $2 (uid:gid); further arguments are find's. A run's lock is root's.
# lost+found, which each volume of Fly.io has, is given too: OpenClaw backs up no state that it cannot read.
_FIND = """
path=$1; user=${2%:*}; group=${2#*:}; shift 2
[ -d "$path" ] || exit 0
skip="$path/.ansible-run.*"
find "$path" -xdev -path "$skip" -prune -o \\( ! -uid "$user" -o ! -gid "$group" \\) "$@"
"""


def foreign_paths(files: RemoteFiles, path: str, owner: str) -> tuple[str, ...]:
    """The paths below `path` that do not belong to `owner` (uid:gid)."""
    found = files.shell("look at the owners of files", _FIND, [path, owner, "-print"], safe=True)
    return tuple(sorted(found.splitlines()))


def give(files: RemoteFiles, path: str, owner: str) -> None:
    """Give them to `owner`. Modes are left alone: the gateway sets its own."""
    arguments = [path, owner, "-exec", "chown", "-h", owner, "{}", "+"]
    files.shell("give files to the gateway", _FIND, arguments, safe=True)
