# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file on the controller: fly.toml, a token."""

from __future__ import annotations

from pathlib import Path

from .._base.files import read_file, write_file
from .._converge.resource import Change, Plan, Resource


class LocalFile(Resource[tuple[str, int] | None]):
    """Text with a mode, written atomically. `show_content` is off for secrets."""

    def __init__(self, path: Path, text: str, mode: int = 0o644, *, show_content: bool = True) -> None:
        self._path, self._text, self._mode, self._show = path, text, mode, show_content

    @property
    def title(self) -> str:
        return str(self._path)

    def observe(self) -> tuple[str, int] | None:
        return read_file(self._path)

    def plan(self, observed: tuple[str, int] | None) -> Plan:
        if observed == (self._text, self._mode):
            return []
        before, what = (observed[0], "write") if observed else (None, "create")
        after = self._text
        if not self._show:
            before, after = "(not shown)" if before else None, "(not shown)"
        return [Change("write", what, before, after, self._write)]

    def describe(self, observed: tuple[str, int] | None) -> dict[str, object]:
        return {"dest": str(self._path)}

    def _write(self) -> None:
        write_file(self._path, self._text, self._mode)
