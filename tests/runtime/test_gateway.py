"""The real gateway in the image made from npm. Slow: fetches it on the first run, then boots it once."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from fly_emulator.images.catalog import Catalog
from fly_emulator.runtime.base import Runtime
from fly_emulator.server import default_cache_dir

VERSION = "2026.9.6"
QUIET = {
    "OPENCLAW_GATEWAY_PORT": "3000",
    "OPENCLAW_SUPERVISOR_MODE": "external",
    "OPENCLAW_NO_AUTO_UPDATE": "1",
    "OPENCLAW_DISABLE_BONJOUR": "1",
    "OPENCLAW_SKIP_CHANNELS": "1",
    "npm_config_fetch_retries": "0",
}
CONFIG = {"gateway": {"mode": "local", "trustedProxies": ["172.16.0.0/12"]}, "models": {"catalogRefresh": {"enabled": False}}}


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The cache that everybody shares: the package is 650 MB."""
    return Catalog(default_cache_dir(), None)


@pytest.mark.gateway
@pytest.mark.slow
def test_the_real_gateway_boots_validates_and_attributes(start: Any, go: Any, runtime: Runtime) -> None:
    image = f"ghcr.io/openclaw/openclaw:{VERSION}"
    if runtime.guarantees.tier != "sandbox":
        pytest.skip("one boot is enough: the sandbox's")

    async def body() -> None:
        async with start(("sleep", "1000"), QUIET, image=image) as idle:
            assert (await idle.sh("pwd; openclaw --version", timeout=60))[1].startswith(f"/app\nOpenClaw {VERSION}")
            put = await idle.sh("cat > /data/openclaw.json; chown 1000:1000 /data/openclaw.json", json.dumps(CONFIG).encode())
            assert put == (0, "")
            validate = ("node", "dist/index.js", "config", "validate", "--json")
            checked = await idle.machine.exec(validate, b"", 120)
            assert checked.exit_code == 0 and json.loads(checked.stdout)["valid"], checked
        async with start(env=QUIET, image=image, memory_mb=2048, volume=idle.volume) as one:
            await one.ready(180)
            deadline = time.monotonic() + 60
            while (answer := await one.get("/startupz", X_Forwarded_For="203.0.113.7"))[0] != 200:
                assert time.monotonic() < deadline, one.text
                await asyncio.sleep(0.2)
            assert json.loads(answer[1]) == {"ok": True, "status": "started"}
            # Trusted, but no client named: what Fly's own check meets when its address is within trustedProxies.
            assert (await one.get("/startupz", "check"))[0] == 403
            assert (await one.get("/healthz", "check"))[0] == 200
            with pytest.raises(OSError, match="Connect"):
                await one.get("/healthz", "6pn")
            assert _owner(one.volume / "state") == 1000 or runtime.guarantees.owners != "real"
            ended = await one.machine.stop(15, 30)
            assert ended.code == 0, one.text

    asyncio.run(asyncio.wait_for(body(), 800))


def _owner(path: Path) -> int:
    return os.stat(path).st_uid
