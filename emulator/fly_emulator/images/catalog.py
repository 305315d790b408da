"""Which image a reference means.

- `ghcr.io/openclaw/openclaw:<tag>` and `openclaw/openclaw:<tag>`: see `openclaw`.
- `registry.fly.io/featherweight:<anything>`: a stand-in for the gateway, for tests; see `featherweight`.
- `registry.fly.io/scratch:sleep`: a shell and a long sleep.
- A person's own, from the directory `extra`: each `<extra>/<name>/image.json` is one image:

      {"reference": "registry.fly.io/my-app:1",
       "binds": {"/srv": "root/srv", "/opt/tool": "/home/me/tool"},
       "entrypoint": ["/srv/start"], "cmd": [], "env": {"PORT": "8080"},
       "workdir": "/srv", "user": [1000, 1000], "labels": {}}

  `binds` gives target: source, a source relative to that file's directory or absolute. Only `reference` is needed.
  The machine's root has the host's /usr beside these, read-only.
  `{"reference": "registry.fly.io/my-app:2", "from": "ghcr.io/openclaw/openclaw:2026.9.6"}` is another image under a
  name of its own: it stands in for one that is derived from that and cannot be built here.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import featherweight
from .base import Bind, Image, ImageNotFound, Progress
from .openclaw import PATH, OpenClawImages

OPENCLAW = frozenset({"ghcr.io/openclaw/openclaw", "openclaw/openclaw", "docker.io/openclaw/openclaw"})
FEATHERWEIGHT = "registry.fly.io/featherweight"
SLEEP = "registry.fly.io/scratch:sleep"


class Catalog:
    """`cache_dir` holds what is fetched or made; `extra` is a directory of the person's own images, or None."""

    def __init__(self, cache_dir: Path, extra: Path | None = None) -> None:
        self.cache_dir = cache_dir
        self.extra = extra
        self._openclaw = OpenClawImages(cache_dir)

    async def resolve(self, reference: str, progress: Progress) -> Image:
        """Return the image, fetching it first where needed; raises ImageNotFound."""
        # flyctl pins the machines that it clones or runs to the digest that it was told for a tag.
        name, pinned, digest = reference.partition("@")
        image = await self._resolve(reference if _only_digest(name) else name, progress)
        if pinned and image.digest != digest:
            raise ImageNotFound(
                f"{reference!r} names a digest: the emulator makes its images here, and its {name} is {image.digest}. "
                "Leave the digest out."
            )
        return image

    async def _resolve(self, reference: str, progress: Progress) -> Image:
        own = await self._own(reference, progress)
        if own:
            return own
        repository, tag = split_reference(reference)
        if repository in OPENCLAW:
            return await self._openclaw.resolve(reference, tag, progress)
        if repository == FEATHERWEIGHT:
            return featherweight.image(reference, tag, self.cache_dir)
        if reference == SLEEP:
            return _plain(reference, ("sleep", "1000000"))
        raise ImageNotFound(
            f"No image {reference!r} here: the emulator pulls from no registry. It knows "
            f"ghcr.io/openclaw/openclaw:<version>, {FEATHERWEIGHT}:<any tag>, {SLEEP}"
            + (f" and the images described in {self.extra}/*/image.json." if self.extra else ".")
        )

    async def _own(self, reference: str, progress: Progress) -> Image | None:
        if self.extra is None or not self.extra.is_dir():
            return None
        for file in sorted(self.extra.glob("*/image.json")):
            try:
                described = json.loads(file.read_text())
                if described["reference"] != reference:
                    continue
                if "from" in described:
                    base = await self._resolve(described["from"], progress)
                    return replace(base, reference=reference, digest=_digest(file))
                return _described(described, file)
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise ImageNotFound(
                    f"{file} does not describe an image: {type(error).__name__}: {error}. "
                    'It needs JSON with at least "reference"; see fly_emulator.images.catalog.'
                ) from None
        return None


def _only_digest(name: str) -> bool:
    """Tell whether a reference's part before its digest has no tag."""
    return ":" not in name.rpartition("/")[2]


def split_reference(reference: str) -> tuple[str, str]:
    """`host/name:tag` to (`host/name`, tag), latest without one; raises ImageNotFound for a digest without a tag."""
    if "@" in reference:
        raise ImageNotFound(
            f"{reference!r} names a digest alone: the emulator makes its images here, so no registry's can match. "
            "Use the tag of the same release, such as ghcr.io/openclaw/openclaw:2026.9.6."
        )
    found = re.fullmatch(
        r"([a-z0-9][a-z0-9._/-]*(?::\d+/[a-z0-9._/-]+)?)(?::([A-Za-z0-9_][A-Za-z0-9._-]*))?", reference
    )
    if not found:
        raise ImageNotFound(f"{reference!r} is not an image reference such as ghcr.io/openclaw/openclaw:2026.9.6.")
    return found[1], found[2] or "latest"


def _plain(reference: str, cmd: tuple[str, ...]) -> Image:
    digest = hashlib.sha256(f"{reference} {cmd}".encode()).hexdigest()
    return Image(reference=reference, digest=f"sha256:{digest}", binds=(), cmd=cmd, env={"PATH": PATH})


def _described(described: dict[str, Any], file: Path) -> Image:
    binds = tuple(
        Bind((file.parent / source).resolve(), target) for target, source in described.get("binds", {}).items()
    )
    for bind in binds:
        if not bind.source.exists():
            raise ImageNotFound(
                f"{file}: the source {bind.source} for {bind.target} does not exist. Create it, or correct `binds`."
            )
    uid, gid = described.get("user", (0, 0))
    return Image(
        reference=described["reference"],
        digest=_digest(file),
        binds=binds,
        entrypoint=tuple(described.get("entrypoint", ())),
        cmd=tuple(described.get("cmd", ())),
        env={"PATH": PATH, **described.get("env", {})},
        workdir=described.get("workdir", "/"),
        user=(int(uid), int(gid)),
        labels=described.get("labels", {}),
    )


def _digest(file: Path) -> str:
    return "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
