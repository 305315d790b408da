"""The real flyctl, pointed at an emulator; every test here is skipped where there is no flyctl."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from support.emulator import Emulator

from fly_emulator.machines.fleet import SECRETS_LAG

GATEWAY = "registry.fly.io/featherweight:1"
SLEEP = "registry.fly.io/scratch:sleep"
GATEWAY_TOKEN = "0123456789abcdef0123456789abcdef"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Flyctl:
    """Runs one flyctl against one emulator, with a configuration directory of its own."""

    def __init__(self, binary: str, emulator: Emulator, config: Path, token: str = "") -> None:
        self.binary, self.emulator, self.config, self.token = binary, emulator, config, token or emulator.token

    def having(self, token: str) -> Flyctl:
        """The same with another token."""
        return Flyctl(self.binary, self.emulator, self.config, token)

    def __call__(self, *words: str, stdin: str = "", fails: bool = False, cwd: Path | None = None) -> str:
        """Run a command; return what it printed. It must succeed, or with `fails` end with an error."""
        url = self.emulator.api_url
        done = subprocess.run(
            [self.binary, *words],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.config),
                "FLY_CONFIG_DIR": str(self.config),
                "FLY_API_TOKEN": self.token,
                **dict.fromkeys(
                    ("FLY_API_BASE_URL", "FLY_FLAPS_BASE_URL", "FLY_UIEX_BASE_URL", "FLY_METRICS_BASE_URL"), url
                ),
                "FLY_SEND_METRICS": "0",
                "FLY_SYNTHETICS_AGENT": "0",
                "FLY_NO_UPDATE_CHECK": "1",
                "FLY_NO_INCIDENTS_CHECK": "1",
                # Without this its traces, the token with them, would go out unencrypted.
                "FLY_TRACE_COLLECTOR_URL": "localhost",
                # Feature flags and crash reports go to hosts elsewhere: nothing listens on this proxy.
                "HTTPS_PROXY": "http://127.0.0.1:9",
                "NO_COLOR": "1",
                "CI": "1",
            },
            cwd=cwd or self.config,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = _COLOUR.sub("", done.stdout)
        assert (done.returncode != 0) == fails, f"flyctl {' '.join(words)}\n{said}\n{done.stderr}"
        return said if not fails else f"{said}{done.stderr}"

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))

    def deploy(self, app: str, toml: Path, *words: str, image: str = "") -> str:
        """Deploy an image, by default the fitting one, without what asks hosts elsewhere or waits for nothing."""
        return self(
            "deploy", "-a", app, "-c", str(toml), "--image", image or fitting(toml), "--ha=false", "--remote-only",
            "--no-public-ips", "--dns-checks=false", "--smoke-checks=false", "--yes", *words, cwd=toml.parent,
        )  # fmt: skip

    def machines(self, app: str) -> list[dict[str, Any]]:
        """The app's machines by process group and id, as the API reads them back."""
        found: list[dict[str, Any]] = self.emulator.get(f"/v1/apps/{app}/machines")
        return sorted(found, key=lambda machine: (machine["config"]["metadata"]["fly_process_group"], machine["id"]))

    def app(self, name: str) -> str:
        """Create an app whose gateway has its token."""
        self.emulator.request("POST", "/v1/apps", {"name": name, "org_slug": "personal"})
        values = {"values": {"OPENCLAW_GATEWAY_TOKEN": GATEWAY_TOKEN}}
        self.emulator.request("POST", f"/v1/apps/{name}/secrets", values)
        # flyctl asks for the version of those secrets only that it set itself.
        self.advance(SECRETS_LAG)
        return name

    def advance(self, seconds: float) -> None:
        """Let time pass on the platform."""
        self.emulator.request("POST", "/emulator/v1/clock", {"advance": seconds})


def fitting(toml: Path) -> str:
    """The stand-in for the gateway where a fly.toml starts it, else one that sleeps."""
    return GATEWAY if "dist/index.js" in toml.read_text() else SLEEP


@pytest.fixture(scope="session")
def flyctl_binary() -> str:
    found = os.environ.get("FLYCTL") or shutil.which("flyctl") or shutil.which("fly")
    if not found:
        pytest.skip("no flyctl: install it (https://fly.io/docs/flyctl/install/), or name the program by FLYCTL")
    return found


@pytest.fixture(scope="module")
def flyctl(
    flyctl_binary: str,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flyctl]:
    # `machine stop --wait-timeout` takes it for granted.
    with start_emulator("--answer", "wait-stopped=taken") as emulator:
        yield Flyctl(flyctl_binary, emulator, tmp_path_factory.mktemp("flyctl"))
