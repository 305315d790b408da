# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of an app's secrets while it has no machine to remember them: a file on the controller.

The first machine is made with it. One that is left behind does no harm: it counts only while Fly.io's digests are those
that it tells. What cannot be read or written is not remembered, and such secrets are set again.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from urllib.parse import quote

from ..._base.errors import CollectionError
from ..._base.files import write_file


class LedgerFile:
    """`folder` holds one file for each app, 0600."""

    def __init__(self, folder: str, app: str) -> None:
        self._path = Path(folder).expanduser() / f"{quote(app, safe='')}.json"

    def read(self) -> str | None:
        try:
            return self._path.read_text()
        except (OSError, UnicodeDecodeError):
            return None

    def write(self, text: str) -> None:
        with contextlib.suppress(CollectionError):
            write_file(self._path, text, 0o600)

    def forget(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
