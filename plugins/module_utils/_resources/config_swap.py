# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a judged config in the place of the present one, on the volume.

What becomes the config is byte for byte what was judged, and it replaces the file that it was merged with: both digests
are compared by the command that swaps. Each run's files have names of their own, so no run moves another's.
"""

from __future__ import annotations

import hashlib
import secrets

from .._base.errors import UncertainWrite
from .._fly.machines.remote_files import RemoteFile, RemoteFiles

_ABSENT = "absent"
SWAP = """
digest() { if [ -e "$1" ]; then sha256sum < "$1" | cut -d ' ' -f 1; else echo absent; fi; }
if [ "$(digest "$1")" != "$6" ]; then echo judged; exit 0; fi
if [ "$(digest "$2")" != "$7" ]; then echo present; exit 0; fi
find "${2%/*}" "${5%/*}" -maxdepth 1 -type f -name '*.candidate*' -mmin +60 -exec rm -f -- {} + 2>/dev/null || true
if [ -e "$2" ]; then cp -p -- "$2" "$3"; fi
chown "$(stat -c %u:%g "$1")" "${2%/*}/lost+found" 2>/dev/null || true
mv -f -- "$1" "$2" && mv -f -- "$4" "$5"
"""
"""What killed runs left is removed after an hour. lost+found is given to the gateway (see `_gateway.state_files`)."""
_BACK = """
if [ -e "$1" ]; then mv -f -- "$1" "$2"; fi
"""


class ConfigMoved(UncertainWrite):
    """The config on the volume is not the one that was merged with. The engine looks again and merges anew."""


def digest(file: RemoteFile | None) -> str:
    """As sha256sum prints it."""
    return hashlib.sha256(file.content).hexdigest() if file else _ABSENT


class ConfigSwap:
    """`present` is the file at `path` that `file` was merged with."""

    def __init__(
        self, remote: RemoteFiles, path: str, ledger: str, file: RemoteFile, present: RemoteFile | None
    ) -> None:
        self._remote, self._path, self._ledger = remote, path, ledger
        self._file, self._present = file, present
        run = secrets.token_hex(6)
        self.candidate, self._ledger_candidate = f"{path}.candidate-{run}", f"{ledger}.candidate-{run}"

    @property
    def _previous(self) -> str:
        return f"{self._path}.previous"

    def stage(self) -> None:
        """Write the candidate, for the release to judge."""
        self._remote.write({self.candidate: self._file})

    def discard(self) -> None:
        self._remote.remove(self.candidate, self._ledger_candidate)

    def swap(self, union: RemoteFile, ledger: RemoteFile) -> None:
        """`ledger` comes with the config; `union` is kept until then, so that no path of ours is forgotten."""
        self._remote.write({self._ledger: union, self._ledger_candidate: ledger})
        paths = [self.candidate, self._path, self._previous, self._ledger_candidate, self._ledger]
        changed = self._remote.shell("swap files", SWAP, [*paths, digest(self._file), digest(self._present)]).strip()
        if changed:
            raise ConfigMoved(
                f"the {changed} config was changed while this run worked on it",
                where=self._path,
                why="another run, or the gateway itself, wrote it",
                todo="Run again; if this stays, end the other run first",
            )

    def back(self) -> None:
        """Put the previous config back."""
        self._remote.shell("put the previous config back", _BACK, [self._previous, self._path])
