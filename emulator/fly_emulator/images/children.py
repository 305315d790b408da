"""Run a package manager without blocking, with its output kept for the error message."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..runtime.holder import libc


async def run(
    argv: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run to the end; returns (exit code, stdout, stderr). Cancelling kills the whole process group."""
    child = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env=dict(env) if env is not None else None,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        umask=0o022,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )
    try:
        out, err = await child.communicate()
    except asyncio.CancelledError:
        os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        raise
    return child.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace")


def _die_with_parent() -> None:
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)


def last_words(text: str, lines: int = 4) -> str:
    """The lines of a package manager's output that say what went wrong."""
    useful = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in useful if line.lower().startswith(("npm error", "error", "npm err!"))]
    return "; ".join((errors or useful)[:lines])
