"""A container engine by its command line: podman's or docker's, which agree in all that is used here."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import resource
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from . import rootfs

ENGINES = ("podman", "docker")
ENVIRONMENT = ("PATH", "HOME", "USER", "TMPDIR", "XDG_", "DBUS_", "DOCKER_", "CONTAINER", "STORAGE_", "LC_", "LANG")
"""What an engine is told of our environment: names and beginnings of names."""
NPROC = 4096


class EngineFailed(RuntimeError):
    """What the engine said, in its last words."""


@dataclass(frozen=True)
class Engine:
    command: str
    globals: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """What it needs here before and after `run`; found by the probe."""

    @property
    def name(self) -> str:
        return Path(self.command).name

    @property
    def rootless(self) -> bool:
        return self.name == "podman" and os.geteuid() != 0

    def run(self, arguments: list[str]) -> list[str]:
        """The command line of `run`."""
        return [self.command, *self.globals, "run", *self.options, *arguments]

    def variants(self) -> Iterator[Engine]:
        """As it is, then as it works where the defaults do not.

        podman asks for more open files than a user who may not raise limits can have; its crun refuses hybrid
        cgroups, which runc takes.
        """
        yield self
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        limits = ("--ulimit", f"nofile={files}:{files}", "--ulimit", f"nproc={NPROC}:{NPROC}")
        yield replace(self, options=limits)
        if self.name == "podman" and shutil.which("runc"):
            yield replace(self, globals=("--runtime", "runc"), options=limits)

    async def root_image(self) -> str:
        """The image that a machine's root begins with: directories and links, some kilobytes. Raises EngineFailed."""
        links = rootfs.host_links()
        digest = hashlib.sha256(repr(sorted(links.items())).encode()).hexdigest()[:16]
        reference = f"localhost/fly-emulator-root:{digest}"
        try:
            await self._do(["image", "inspect", reference])
        except EngineFailed:
            await self._do(["import", "-", reference], _archive(links))
        return reference

    async def _do(self, words: list[str], fed: bytes = b"") -> None:
        process = await asyncio.create_subprocess_exec(
            self.command, *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE, env=environment(), start_new_session=True,
        )  # fmt: skip
        _, told = await process.communicate(fed)
        if process.returncode:
            raise EngineFailed(f"{self.name} {words[0]}: {last_words(told)}")


def installed() -> list[Engine]:
    return [Engine(command) for name in ENGINES if (command := shutil.which(name))]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(ENVIRONMENT)}


def mount(source: Path, target: str, read_only: bool) -> str:
    """The value of `--mount`, which is a line of CSV."""
    words = ["type=bind", f"source={source}", f"target={target}", *(["readonly"] if read_only else [])]
    quoted = ['"' + word.replace('"', '""') + '"' if {",", '"'} & set(word) else word for word in words]
    return ",".join(quoted)


def last_words(told: bytes) -> str:
    """The error in an engine's output: its last line."""
    lines = [line for line in told.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip().removeprefix("Error: ") if lines else "it printed nothing"


def _archive(links: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, mode in (("etc", 0o755), ("home", 0o755), ("run", 0o755), ("tmp", 0o1777), ("usr", 0o755)):
            made = tarfile.TarInfo(name)
            made.type, made.mode = tarfile.DIRTYPE, mode
            archive.addfile(made)
        for link, leads_to in links.items():
            made = tarfile.TarInfo(link.lstrip("/"))
            made.type, made.linkname = tarfile.SYMTYPE, leads_to
            archive.addfile(made)
    return held.getvalue()
