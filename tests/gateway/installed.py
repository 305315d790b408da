"""The pinned OpenClaw release as the emulator keeps it, to be run without a machine around it."""

from __future__ import annotations

import asyncio
import functools
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, IMAGE
from fly_emulator.images.catalog import Catalog
from fly_emulator.settings import default_cache_dir


@dataclass(frozen=True)
class Installed:
    """The npm package and a Node that fits it."""

    package: Path
    node: Path

    def environment(self, state: Path, home: Path, **more: str) -> dict[str, str]:
        """An environment in which a gateway touches nothing outside these folders, and no network."""
        return {
            "PATH": f"{self.node.parent}:/usr/bin:/bin",
            "HOME": str(home),
            "OPENCLAW_STATE_DIR": str(state),
            "OPENCLAW_SUPERVISOR_MODE": "external",
            "OPENCLAW_NO_AUTO_UPDATE": "1",
            "OPENCLAW_DISABLE_BONJOUR": "1",
            "OPENCLAW_SKIP_CHANNELS": "1",
            "npm_config_registry": "http://127.0.0.1:9/",
            "npm_config_fetch_retries": "0",
            **more,
        }

    def argv(self, *words: str) -> list[str]:
        return [str(self.node), "dist/index.js", *words]

    def cli(self, env: dict[str, str], *words: str) -> Any:
        """Run the release's own CLI and read the JSON that it prints."""
        done = subprocess.run(
            self.argv(*words), cwd=self.package, env=env, capture_output=True, timeout=120, check=False
        )
        return json.loads(done.stdout)


@functools.cache
def installed() -> Installed:
    """Fetched on the first use (650 MB), then kept for all."""
    catalog = Catalog(default_cache_dir())
    image = asyncio.run(catalog.resolve(f"{IMAGE}:{DEFAULT_RELEASE}", lambda line: print(line, file=sys.stderr)))
    sources = {bind.target: bind.source for bind in image.binds}
    return Installed(sources["/app"], sources["/usr/local/bin"] / "node")
