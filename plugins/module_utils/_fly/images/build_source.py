# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image is built from: a folder, a git repository or a Dockerfile's text, each with a digest of its content.

The digest is the same on every controller: it counts contents, names and whether a file may be executed, not times,
owners and the rest of a mode, which a checkout does not keep. `.git` never counts: it changes with every fetch.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from abc import ABC, abstractmethod
from pathlib import Path
from urllib.parse import unquote

from ..._base.errors import CollectionError
from ..._base.secret_recognition import find_secret
from ..client.errors import ProgramFailed
from .dockerignore import Ignore, files
from .programs import environment, run

_LOGIN = re.compile(r"(https?://)([^/@:]*)(?::([^/@]*))?@(.+)", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NO_IGNOREFILE = "fly.toml\n"
"""What flyctl leaves out where there is no .dockerignore."""


class Source(ABC):
    where: str
    """Its name in messages."""

    @abstractmethod
    def digest(self) -> str:
        """Of all that the image can depend on here; reads only."""

    @abstractmethod
    def provide(self, scratch: Path) -> tuple[Path, Path, Path | None]:
        """The context, the Dockerfile and the ignore file to build with; what has to be made goes below `scratch`."""


class Folder(Source):
    """A folder as it is. `text` is a Dockerfile's text in place of the one that lies there."""

    def __init__(
        self, path: Path, dockerfile: str | None = None, ignorefile: str | None = None, text: str | None = None
    ) -> None:
        self.where = str(path)
        self._path, self._text = path, text
        self._ignorefile = path / ignorefile if ignorefile else None
        names = (dockerfile,) if dockerfile else ("Dockerfile", "dockerfile")
        self._dockerfile = next((path / name for name in names if (path / name).is_file()), path / names[0])
        if not path.is_dir():
            raise _missing(path, "folder", "Give build.path")
        if text is None and not self._dockerfile.is_file():
            raise _missing(self._dockerfile, "Dockerfile", "Give build.dockerfile, or its text as build.content")

    def digest(self) -> str:
        found = hashlib.sha256()
        try:
            found.update(_digest(self._dockerfile.read_bytes() if self._text is None else self._text.encode()))
            for name in files(self._path, self._ignore()):
                found.update(_entry(self._path / name, name))
        except OSError as error:
            raise CollectionError("the build context cannot be read", where=self.where, why=str(error)) from error
        return found.hexdigest()

    def provide(self, scratch: Path) -> tuple[Path, Path, Path | None]:
        if self._text is None:
            return self._path, self._dockerfile, self._ignorefile
        (scratch / "Dockerfile").write_text(self._text)
        return self._path, scratch / "Dockerfile", self._ignorefile

    def _ignore(self) -> Ignore:
        own = self._ignorefile or self._path / ".dockerignore"
        if self._ignorefile and not own.is_file():
            raise _missing(own, "ignore file", "Give build.ignorefile")
        return Ignore(f"{own.read_text() if own.is_file() else _NO_IGNOREFILE}\n**/.git\n.dockerignore\n")


class Text(Source):
    """A Dockerfile alone: nothing to copy from."""

    where = "build.content"

    def __init__(self, text: str) -> None:
        self._text = text

    def digest(self) -> str:
        return hashlib.sha256(_digest(self._text.encode())).hexdigest()

    def provide(self, scratch: Path) -> tuple[Path, Path, Path | None]:
        (scratch / "Dockerfile").write_text(self._text)
        context = scratch / "context"
        context.mkdir()
        return context, scratch / "Dockerfile", None


class Git(Source):
    """A commit of a repository; a branch or tag is looked up there. Submodules are not fetched."""

    def __init__(
        self,
        repository: str,
        version: str,
        folder: str = ".",
        dockerfile: str | None = None,
        ignorefile: str | None = None,
        text: str | None = None,
    ) -> None:
        self._repository, self._login = _without_login(repository)
        if secret := find_secret("git", self._repository):
            raise CollectionError(
                "the repository's address holds what looks like a secret",
                where="build.git",
                why=f"{secret.reason} would stand in git's arguments, where every user of this machine can read it",
                todo="Write https://USER:TOKEN@HOST/PATH, whose user and token git gets otherwise, or use git's own "
                "credentials (ssh, a credential helper)",
            )
        self.where = f"{self._repository} at {version}"
        self._version, self._folder = version, folder
        self._dockerfile, self._ignorefile, self._text = dockerfile, ignorefile, text
        self._commit = version if _COMMIT.fullmatch(version) else ""

    def digest(self) -> str:
        """A commit is a digest already, so nothing is fetched for it."""
        parts = (self.commit(), self._folder, self._dockerfile, self._ignorefile, self._text)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def commit(self) -> str:
        if not self._commit:
            version = self._version
            lines = self._git("ls-remote", "--", self._repository, version, f"{version}^{{}}")
            pairs = (line.split("\t", 1) for line in lines if re.match(r"[0-9a-f]{40}\t", line))
            found = {ref: commit for commit, ref in pairs}
            refs = (f"refs/tags/{version}^{{}}", f"refs/tags/{version}", f"refs/heads/{version}", version)
            self._commit = next((found[ref] for ref in refs if ref in found), "")
        if not self._commit:
            todo = "Give a branch, a tag or a whole commit as build.version"
            raise CollectionError("the repository has no such version", where=self.where, todo=todo)
        return self._commit

    def provide(self, scratch: Path) -> tuple[Path, Path, Path | None]:
        checkout = scratch / "checkout"
        self._git("init", "--quiet", str(checkout))
        self._git("fetch", "--quiet", "--depth=1", "--", self._repository, self.commit(), cwd=checkout)
        self._git("checkout", "--quiet", "--detach", "FETCH_HEAD", cwd=checkout)
        return Folder(checkout / self._folder, self._dockerfile, self._ignorefile, self._text).provide(scratch)

    def _git(self, *words: str, cwd: Path | None = None) -> list[str]:
        try:
            env = environment(GIT_TERMINAL_PROMPT="0", **self._credentials())
            return run(["git", *words], env, cwd=cwd, timeout=600, secrets=self._login)
        except FileNotFoundError as error:
            raise CollectionError("git is not installed", where=self.where, todo="Install git") from error
        except ProgramFailed as error:
            why = "; ".join(line for line in error.log[-6:] if line)
            todo = "Check the address and what git itself may do there: its own credentials are used"
            raise CollectionError(error.what, where=self.where, why=why, todo=todo) from None

    def _credentials(self) -> dict[str, str]:
        """The URL's user and token for git: in its environment, as everybody on this machine can read its arguments."""
        if not self._login:
            return {}
        number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        return {
            "GIT_CONFIG_COUNT": str(number + 1),
            f"GIT_CONFIG_KEY_{number}": f"http.{self._repository}.extraHeader",
            f"GIT_CONFIG_VALUE_{number}": f"Authorization: Basic {self._login[-1]}",
        }


def _without_login(repository: str) -> tuple[str, tuple[str, ...]]:
    """The URL less its user and token, and these: as written, as they are, and as HTTP sends them."""
    found = _LOGIN.fullmatch(repository)
    if not found:
        return repository, ()
    scheme, user, password, rest = found.groups()
    login = f"{unquote(user)}:{unquote(password or '')}"
    secret = password or user
    return scheme + rest, (secret, unquote(secret), base64.b64encode(login.encode()).decode())


def _missing(path: Path, what: str, todo: str) -> CollectionError:
    return CollectionError(f"there is no {what} {path}", where="the image's build context", todo=todo)


def _entry(path: Path, name: str) -> bytes:
    if path.is_symlink():
        kind, content = "link", os.readlink(path).encode()
    else:
        kind, content = "program" if path.stat().st_mode & 0o100 else "file", path.read_bytes()
    return _digest(f"{kind} {name}".encode()) + _digest(content)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
