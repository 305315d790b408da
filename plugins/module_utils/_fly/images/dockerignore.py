# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a folder a builder gets: .dockerignore, as Docker reads it.

Source: moby's patternmatcher and the Dockerfile reference (2026-08).
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path


class Ignore:
    """The patterns of one .dockerignore; a later one wins, `!` takes back."""

    def __init__(self, text: str) -> None:
        self._patterns = [_pattern(line) for line in _lines(text)]
        self._takes_back = any(back for back, _regex in self._patterns)

    def __call__(self, path: str) -> bool:
        """Whether it is left out; `path` is relative, with slashes. What is below a folder shares its fate."""
        parts = path.split("/")
        chain = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
        ignored = False
        for back, regex in self._patterns:
            if back == ignored and any(regex.fullmatch(each) for each in chain):
                ignored = not back
        return ignored

    def prunes(self, folder: str) -> bool:
        """Whether nothing below it can be wanted."""
        return not self._takes_back and self(folder)


def files(root: Path, ignore: Ignore) -> Iterator[str]:
    """The files and links below `root` that are not left out, as relative paths in one order everywhere."""
    for folder, folders, names in os.walk(root):
        base = Path(folder).relative_to(root).as_posix()
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(
            name for name in folders if name not in links and not ignore.prunes(posixpath.normpath(f"{base}/{name}"))
        )
        for name in sorted([*names, *links]):
            path = posixpath.normpath(f"{base}/{name}")
            if not ignore(path):
                yield path


def _lines(text: str) -> list[str]:
    lines = text.removeprefix("\ufeff").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _pattern(line: str) -> tuple[bool, re.Pattern[str]]:
    back = line.startswith("!")
    path = posixpath.normpath(line[1:].strip() if back else line).lstrip("/")
    return back, re.compile(_regex(path), re.DOTALL)


def _regex(path: str) -> str:
    result, rest = "", path
    while rest:
        if rest.startswith("**/"):
            result, rest = result + "(?:.*/)?", rest[3:]
        elif rest.startswith("**"):
            result, rest = result + ".*", rest[2:]
        elif rest[0] in "*?":
            result, rest = result + ("[^/]*" if rest[0] == "*" else "[^/]"), rest[1:]
        elif rest[0] == "[" and (found := re.match(r"\[\^?\]?[^]]*\]", rest)):
            result, rest = result + found[0], rest[found.end() :]
        elif rest[0] == "\\" and len(rest) > 1:
            result, rest = result + re.escape(rest[1]), rest[2:]
        else:
            result, rest = result + re.escape(rest[0]), rest[1:]
    return result
