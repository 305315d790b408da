# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one backup did, as a JSON file on the controller (0600): what a later restore is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from .._base import clock
from .._base.errors import CollectionError
from .._base.files import write_file
from .._base.project_folder import make_folder_of

_FORMAT = 1


class BackupRecord:
    """A file of its own for each run, in `folder`; without a folder there is none."""

    def __init__(self, folder: str | None, app: str) -> None:
        self._folder, self._app = folder, app
        self._began = 0.0
        self._about: dict[str, object] = {}
        self.path: str | None = None

    def prepare(self, machine: str, image: str, volume: str) -> None:
        """Begin: raises before anything is changed when no file can be written."""
        self._began = clock.now()
        self._about = {"app": self._app, "machine": machine, "image": image, "volume": volume}
        if self._folder is None:
            return
        name = clock.text(self._began).replace(":", "").replace("-", "")
        path = Path(self._folder).expanduser() / f"{name}-{volume}.json"
        try:
            make_folder_of(path, 0o700)
        except OSError as error:
            raise CollectionError(
                "the folder cannot be made", where=str(path.parent), why=str(error.strerror)
            ) from None
        self.path = str(path)

    def write(self, result: Mapping[str, object]) -> None:
        """Write how it ended, if it began."""
        if self.path is None:
            return
        times = {"began": clock.text(self._began), "ended": clock.text(clock.now())}
        record = {"format": _FORMAT, **self._about, **times, **result}
        write_file(Path(self.path), json.dumps(record, indent=2, sort_keys=True) + "\n", 0o600)
