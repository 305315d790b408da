"""The OpenClaw image, made here from the npm package of that release and a Node that satisfies its `engines`.

Laid out as the official image: `/app` is the package (so `node dist/index.js gateway` works there), user
`node` 1000:1000, `openclaw` on PATH. The package's dependencies lie beside it in `/node_modules`, where
Node's resolution looks next. `tini` is left out: the runtime's own init reaps orphans and passes signals.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path

from .base import Bind, Image, ImageNotFound, Progress
from .children import last_words, run
from .node import Node, NodeStore
from .semver import parse_range

PACKAGE = "openclaw"
NODE_USER = (1000, 1000)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOVING_TAGS = frozenset({"latest", "slim", "latest-browser"})
VARIANT = re.compile(r"-(slim|browser)$")
PROGRESS_SECONDS = 3.0


@dataclass(frozen=True)
class Release:
    version: str
    engines: str
    integrity: str


class OpenClawImages:
    """Makes and keeps `<cache>/images/openclaw-<version>`; the same directory serves every machine."""

    def __init__(self, cache_dir: Path) -> None:
        self.dir = cache_dir / "images"
        self.nodes = NodeStore(cache_dir)

    async def resolve(self, reference: str, tag: str, progress: Progress) -> Image:
        """Return the image for a tag (a version, with or without -slim, or latest); raises ImageNotFound."""
        root = self.dir / f"{PACKAGE}-{VARIANT.sub('', tag)}"
        if tag in MOVING_TAGS or not (root / "image.json").is_file():
            root = await self._newest_or_fetched(VARIANT.sub("", tag), progress)
        meta = json.loads((root / "image.json").read_text())
        node = await self.nodes.find(meta["engines"], progress)
        return _image(reference, root, meta, node)

    async def _newest_or_fetched(self, tag: str, progress: Progress) -> Path:
        wanted = "latest" if tag in MOVING_TAGS else tag
        if wanted != "latest" and not re.fullmatch(r"\d{4}\.\d+\.\d+(-[0-9A-Za-z.-]+)?", wanted):
            raise ImageNotFound(
                f"The tag {tag!r} of {PACKAGE} has no npm release behind it: this emulator makes the image from npm. "
                "Use a version such as 2026.9.6, or latest."
            )
        try:
            release = await self._view(wanted, progress)
        except RegistryUnreachable as unreachable:
            cached = sorted(self.dir.glob(f"{PACKAGE}-*/image.json"), key=lambda file: _order(file.parent.name))
            if wanted != "latest" or not cached:
                raise ImageNotFound(str(unreachable)) from None
            progress(f"npm's registry is not reachable: latest is the newest fetched before, {cached[-1].parent.name}")
            return cached[-1].parent
        return await self._fetch(release, progress)

    async def _view(self, wanted: str, progress: Progress) -> Release:
        progress(f"npm view {PACKAGE}@{wanted}")
        npm = await self._npm(None, progress)
        code, out, err = await run(
            [
                *npm,
                "view",
                f"{PACKAGE}@{wanted}",
                "version",
                "engines.node",
                "dist.integrity",
                "--json",
                "--fetch-retries=1",
            ]
        )
        if code or not out.strip():
            words = last_words(err)
            if (not out.strip() and not code) or "E404" in err or "ETARGET" in err:
                raise ImageNotFound(
                    f"npm has no {PACKAGE}@{wanted}, so there is no image of that tag. "
                    f"See the releases with `npm view {PACKAGE} versions`."
                )
            raise RegistryUnreachable(
                f"npm could not look up {PACKAGE}@{wanted}: {words}. Check the network and `npm config get registry`; "
                "an image that was fetched once works offline."
            )
        found = json.loads(out)
        return Release(found["version"], found.get("engines.node", "*"), found["dist.integrity"])

    async def _npm(self, node: Node | None, progress: Progress) -> list[str]:
        """The machine's npm, else the one that comes with a Node of ours."""
        own = shutil.which("npm")
        if own:
            return [own]
        node = node or await self.nodes.find(">=22.0.0", progress)
        if node.npm is None:
            raise ImageNotFound("No npm on this machine. Install npm and put it on PATH.")
        return [str(node.binary), str(node.npm / "bin" / "npm-cli.js")]

    async def _fetch(self, release: Release, progress: Progress) -> Path:
        """Install into a temporary sibling and rename, so that the image is whole or absent."""
        final = self.dir / f"{PACKAGE}-{release.version}"
        self.dir.mkdir(parents=True, exist_ok=True)
        async with _locked(self.dir / f".{final.name}.lock", f"{PACKAGE}@{release.version}", progress):
            if (final / "image.json").is_file():
                return final
            for left in self.dir.glob(f".{final.name}.fetch-*"):
                shutil.rmtree(left, ignore_errors=True)
            node = await self.nodes.find(release.engines, progress)
            parse_range(release.engines)
            staging = Path(tempfile.mkdtemp(prefix=f".{final.name}.fetch-", dir=self.dir))
            try:
                await self._install(release, node, staging, progress)
                staging.chmod(0o755)
                staging.rename(final)
            except BaseException:
                await asyncio.to_thread(shutil.rmtree, staging, True)
                raise
        progress(f"image of {PACKAGE} {release.version} is ready")
        return final

    async def _install(self, release: Release, node: Node, staging: Path, progress: Progress) -> None:
        what = f"npm install {PACKAGE}@{release.version}"
        (staging / "node").mkdir()
        (staging / "node" / "node").symlink_to(node.binary)
        (staging / "home").mkdir()
        env = {**os.environ, "PATH": f"{staging / 'node'}:{os.environ.get('PATH', '')}"}
        (staging / "package.json").write_text('{"private": true}\n')
        npm = await self._npm(node, progress)
        # Dependencies' scripts never run; the package's own does below, with nothing of the caller's environment.
        install = [
            *npm,
            "install",
            f"{PACKAGE}@{release.version}",
            "--omit=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]
        code, _, err = await _with_progress(run(install, cwd=staging, env=env), staging, what, progress)
        if code:
            raise ImageNotFound(
                f"{what} failed: {last_words(err)}. Check the network, the disk and `npm config get registry`, then "
                "try again; "
                "releases before 2026.3 have dependencies outside npm and cannot be made here."
            )
        (staging / "node_modules" / PACKAGE).rename(staging / "app")
        package = json.loads((staging / "app" / "package.json").read_text())
        if "postinstall" in package.get("scripts", {}):
            bare = {"PATH": env["PATH"], "HOME": str(staging / "home")}
            code, _, err = await run([*npm, "run", "postinstall"], cwd=staging / "app", env=bare)
            if code:
                raise ImageNotFound(f"{PACKAGE}@{release.version}: its postinstall script failed: {last_words(err)}.")
        lock = hashlib.sha256((staging / "package-lock.json").read_bytes()).hexdigest()
        for left in ("node", "home"):
            shutil.rmtree(staging / left)
        meta = {"version": release.version, "engines": release.engines, "integrity": release.integrity, "lock": lock}
        (staging / "image.json").write_text(json.dumps(meta, indent=2) + "\n")


class RegistryUnreachable(Exception):
    """npm could not be asked; a cached image may still serve."""


def _image(reference: str, root: Path, meta: dict[str, str], node: Node) -> Image:
    bin_dir = _bin_dir(root, node)
    binds = [Bind(root / "app", "/app"), Bind(root / "node_modules", "/node_modules"), Bind(bin_dir, "/usr/local/bin")]
    # The links in bin name host paths: those appear at the same place inside.
    binds.append(Bind(node.binary, str(node.binary)))
    if node.npm:
        binds.append(Bind(node.npm, str(node.npm)))
    made_of = json.dumps([meta["integrity"], meta["lock"], node.text])
    return Image(
        reference=reference,
        digest="sha256:" + hashlib.sha256(made_of.encode()).hexdigest(),
        binds=tuple(binds),
        cmd=("node", "openclaw.mjs", "gateway"),
        env={"NODE_ENV": "production", "PATH": PATH, "NODE_VERSION": node.text, "OPENCLAW_APP_DIR": "/app"},
        workdir="/app",
        user=NODE_USER,
        labels={"org.opencontainers.image.version": meta["version"], "org.opencontainers.image.source": "npm"},
    )


def _bin_dir(root: Path, node: Node) -> Path:
    """A directory with node, npm and openclaw; one per Node, so that a change of Node disturbs no running machine."""
    final = root / f"bin-{node.text}-{hashlib.sha256(str(node.binary).encode()).hexdigest()[:8]}"
    if not final.is_dir():
        staging = Path(tempfile.mkdtemp(prefix=".bin-", dir=root))
        (staging / "node").symlink_to(node.binary)
        if node.npm:
            (staging / "npm").symlink_to(node.npm / "bin" / "npm-cli.js")
            (staging / "npx").symlink_to(node.npm / "bin" / "npx-cli.js")
        wrapper = staging / "openclaw"
        wrapper.write_text('#!/bin/sh\nexec node "${OPENCLAW_APP_DIR:-/app}/openclaw.mjs" "$@"\n')
        wrapper.chmod(0o755)
        staging.chmod(0o755)
        with contextlib.suppress(OSError):
            staging.rename(final)
        shutil.rmtree(staging, ignore_errors=True)
    return final


async def _with_progress(
    work: Awaitable[tuple[int, str, str]], staging: Path, what: str, progress: Progress
) -> tuple[int, str, str]:
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            megabytes = await asyncio.to_thread(_megabytes, staging)
            progress(f"{what}: {megabytes} MB")
            await asyncio.wait({task}, timeout=PROGRESS_SECONDS)
        return task.result()
    finally:
        task.cancel()


def _megabytes(directory: Path) -> int:
    total = 0
    for parent, _, files in os.walk(directory):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total // 1_000_000


@contextlib.asynccontextmanager
async def _locked(path: Path, what: str, progress: Progress) -> AsyncIterator[None]:
    """Hold the file's lock; waits, saying so, while another process fetches the same image."""
    with path.open("w") as file:
        waited = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waited:
                    progress(f"another process is fetching {what}: waiting for it")
                waited = True
                await asyncio.sleep(0.2)
        yield


def _order(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]
