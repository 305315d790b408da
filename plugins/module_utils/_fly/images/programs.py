# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that a task starts: with the environment that they need and no more, their words filtered and kept."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from ..._base.secret_recognition import hide
from ..client.errors import ProgramFailed

_NEEDED = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR")
_NEEDED_OF = ("LC_", "XDG_", "GIT_", "DOCKER_", "FLY_")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_TOKENS = ("FLY_API_TOKEN", "FLY_ACCESS_TOKEN", "FLY_METRICS_TOKEN")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
KEPT_LINES = 200
_LONGEST_LINE = 1 << 24
"""Bytes; a progress display may redraw itself in one line for minutes."""


def environment(**more: str) -> dict[str, str]:
    """A child's environment: what programs need of ours, no token among it, and `more`."""
    needed = {
        name: value
        for name, value in os.environ.items()
        if (name in _NEEDED or name.lower() in _PROXIES or name.startswith(_NEEDED_OF)) and name not in _TOKENS
    }
    return {**needed, **more}


def run(
    command: list[str],
    env: dict[str, str],
    *,
    cwd: Path | None = None,
    timeout: float = 60.0,
    secrets: Iterable[str] = (),
    progress: Callable[[str], None] | None = None,
) -> list[str]:
    """Run it and return its last lines, both streams; raise `ProgramFailed` when it fails or takes too long."""
    masked = list(secrets)
    said: deque[str] = deque(maxlen=KEPT_LINES)

    def hear(line: bytes) -> None:
        said.append(_clean(line.decode(errors="replace"), masked))
        if progress:
            progress(said[-1])

    name = Path(command[0]).name
    try:
        code = asyncio.run(_listen(command, env, cwd, timeout, hear))
    except TimeoutError:
        raise ProgramFailed(f"{name} took longer than {timeout:.0f} s", list(said)) from None
    if code:
        raise ProgramFailed(f"{name} failed ({code})", list(said))
    return list(said)


async def _listen(
    command: list[str], env: dict[str, str], cwd: Path | None, timeout: float, hear: Callable[[bytes], None]
) -> int:
    """Its exit code; whatever ends the wait for it ends it too, with all that it started."""
    child = await asyncio.create_subprocess_exec(
        *command,
        env=env,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        limit=_LONGEST_LINE,
    )
    try:
        async with asyncio.timeout(timeout):
            while child.stdout and (line := await child.stdout.readline()):
                hear(line)
            return await child.wait()
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()


def _clean(line: str, secrets: list[str]) -> str:
    """A line without colours and secrets, whichever part of it a progress display wrote last."""
    return hide(_COLOUR.sub("", line.rstrip("\r\n").rpartition("\r")[2]), secrets)
