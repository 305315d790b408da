"""What an image is here: host directories bound into a root, and OCI's start values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

Progress = Callable[[str], None]


class ImageNotFound(Exception):
    """No image has this reference, or it could not be brought here; the text says why and what to do."""


@dataclass(frozen=True)
class Bind:
    """A host path that appears read-only at `target` in the image's root."""

    source: Path
    target: str


@dataclass(frozen=True)
class Image:
    reference: str
    digest: str
    """sha256:... over what the image is made of; stable for the same content."""
    binds: tuple[Bind, ...]
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: tuple[int, int] = (0, 0)
    """uid, gid of the main process; Fly's init gives a mount point to it."""
    labels: Mapping[str, str] = field(default_factory=dict)


class ImageCatalog(Protocol):
    async def resolve(self, reference: str, progress: Progress) -> Image:
        """Return the image, fetching it first where needed; raises ImageNotFound."""
