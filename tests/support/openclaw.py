"""The real OpenClaw, from where the emulator keeps it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, IMAGE
from fly_emulator.images.base import Image, ImageNotFound
from fly_emulator.images.catalog import Catalog
from fly_emulator.settings import default_cache_dir

from .ansible import REPO


@cache
def image() -> Image:
    """The default release, fetched first where it is not cached; fails the test when it cannot be had."""
    try:
        return asyncio.run(Catalog(default_cache_dir()).resolve(f"{IMAGE}:{DEFAULT_RELEASE}", print))
    except ImageNotFound as error:
        pytest.fail(f"the real gateway cannot be had: {error}", pytrace=False)


def provide() -> None:
    """Name the package, its Node and its config schema in the variables by which tests ask for them."""
    if "OPENCLAW_TEST_SCHEMA" in os.environ:
        return
    places = {bind.target: bind.source for bind in image().binds}
    package, node = places["/app"], places["/usr/local/bin"] / "node"
    os.environ.setdefault("OPENCLAW_TEST_PACKAGE", str(package))
    os.environ.setdefault("OPENCLAW_TEST_NODE", str(node))
    os.environ["OPENCLAW_TEST_SCHEMA"] = str(_schema(package, node))


def _schema(package: Path, node: Path) -> Path:
    """What `openclaw config schema` of the release prints, as a file."""
    path = REPO / "build" / "test" / f"openclaw-{DEFAULT_RELEASE}.schema.json"
    if not path.exists():
        home = path.with_suffix(f".{os.getpid()}")
        home.mkdir(parents=True)
        printed = subprocess.run(
            [node, "dist/index.js", "config", "schema"],
            cwd=package,
            env={"PATH": f"{node.parent}:/usr/bin:/bin", "HOME": str(home), "OPENCLAW_STATE_DIR": str(home)},
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        ).stdout
        json.loads(printed)
        (home / "schema").write_text(printed)
        (home / "schema").replace(path)
    return path
