# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""flyctl, for the one thing that no API does: building an image and pushing it to Fly.io's registry.

Facts: flyctl's internal/command/deploy and internal/build/imgsrc (2026-08). `deploy --build-only --push` makes and
changes no machine, address or release; that `--push` works with Fly.io's own builders is so since August 2025.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..._base.errors import CollectionError
from ..._base.printable import one_line
from ..client.errors import ProgramFailed
from .programs import environment, run

OLDEST = "2025-09-01"
INSTALL = "Install flyctl 0.4 or newer on the machine that runs Ansible (https://fly.io/docs/flyctl/install/)"
_SHOWN = 15
_REASONS = (
    (("app not found", "could not find app"), "the app does not exist", "Create it first, with fly_app"),
    (
        ("token validation error", "unauthorized", "not authorized", "access to the resource is denied"),
        "Fly.io refuses the API token",
        "Building needs a token that may deploy this app (fly tokens create deploy -a APP)",
    ),
    (
        ("depot builder", "no docker daemon", "docker is unavailable", "remote builder", "error connecting to docker"),
        "there is no builder",
        "Try again later, or build on this machine with its own Docker: build.builder local",
    ),
)


class FlyctlFailed(CollectionError):
    """flyctl is not there, too old, or could not build. `details["log"]` has its last lines."""


@dataclass(frozen=True)
class BuildOrder:
    """What flyctl is told."""

    app: str
    label: str = ""
    """The image's tag."""
    args: dict[str, str] = field(default_factory=dict)
    target: str | None = None
    local: bool = False
    """Build with this machine's Docker and not with Fly.io's builder."""
    flycast: bool = False
    timeout: float = 1800.0

    @property
    def reference(self) -> str:
        return f"{os.environ.get('FLY_REGISTRY_HOST') or 'registry.fly.io'}/{self.app}:{self.label}"


def find(program: str) -> str | None:
    """The path of flyctl, which some call fly; None where there is none."""
    return shutil.which(program) or (shutil.which("fly") if program == "flyctl" else None)


class Flyctl:
    """Runs `program`. The token goes to it by its environment and nowhere else."""

    def __init__(
        self, program: str, token: str, urls: dict[str, str], progress: Callable[[str], None] = lambda _line: None
    ) -> None:
        self._program, self._token, self._urls, self._progress = program, token, urls, progress

    def check(self) -> str:
        """The path of a flyctl that can do it; raises `FlyctlFailed`."""
        path = find(self._program)
        if path is None:
            raise FlyctlFailed("there is no flyctl", where=self._program, why="it builds the image", todo=INSTALL)
        try:
            told = json.loads("\n".join(run([path, "version", "--json"], self._environment())))
            built, version = str(told["BuildDate"]), str(told["Version"])
        except (OSError, ValueError, TypeError, KeyError, ProgramFailed) as error:
            raise FlyctlFailed("this is no flyctl", where=path, why="it prints no version", todo=INSTALL) from error
        if built < OLDEST:
            why = f"version {version} of {built[:10]} cannot push what Fly.io's builder made"
            raise FlyctlFailed("flyctl is too old", where=path, why=why, todo=INSTALL)
        return path

    def build(self, order: BuildOrder, context: Path, dockerfile: Path, ignorefile: Path | None, scratch: Path) -> None:
        """Build and push; returns when the image is in the registry."""
        config = scratch / "fly.json"
        build = {"args": order.args, **({"build-target": order.target} if order.target else {})}
        config.write_text(json.dumps({"app": order.app, "build": build}))
        command = [self.check(), "deploy", str(context), f"--app={order.app}", f"--config={config}"]
        command += ["--build-only", "--push", f"--image-label={order.label}", f"--dockerfile={dockerfile}"]
        command += [f"--ignorefile={ignorefile}"] if ignorefile else []
        command += ["--local-only", "--depot=false"] if order.local else ["--remote-only"]
        command += ["--ha=false", "--flycast" if order.flycast else "--no-public-ips", "--yes"]
        try:
            secrets = [self._token, *self._token.split(",")]
            run(command, self._environment(), timeout=order.timeout, secrets=secrets, progress=self._tell)
        except ProgramFailed as failure:
            raise _explained(failure, order) from None

    def _environment(self) -> dict[str, str]:
        return environment(
            FLY_API_TOKEN=self._token,
            **self._urls,
            FLY_NO_UPDATE_CHECK="1",
            FLY_SEND_METRICS="0",
            # Else its traces, the token with them, go out unencrypted.
            FLY_TRACE_COLLECTOR_URL="localhost",
            NO_COLOR="1",
        )

    def _tell(self, line: str) -> None:
        if line.startswith(("==>", "-->", "STEP", "Step")):
            self._progress(f"flyctl: {line[:120]}")


def _explained(failure: ProgramFailed, order: BuildOrder) -> FlyctlFailed:
    lines = [line for line in failure.log if line.strip()][-_SHOWN:]
    low = "\n".join(lines).lower()
    what, todo = "the image could not be built", "Correct what flyctl reports above, and run again"
    for signs, meaning, remedy in _REASONS:
        if any(sign in low for sign in signs):
            what, todo = meaning, remedy
    quoted = "".join(f"\n    {one_line(line)}" for line in lines)
    return FlyctlFailed(
        f"{what} ({failure.what})", where=f"image of {order.app}", why=f"Its last lines:{quoted}", todo=todo, log=lines
    )
