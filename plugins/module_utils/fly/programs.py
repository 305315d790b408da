# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that a task starts: with the environment that they need and no more, their words filtered and kept."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import CollectionError
from ..secret_shapes import value_looks_secret

_NEEDED = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR")
_NEEDED_OF = ("LC_", "XDG_", "GIT_", "DOCKER_", "FLY_")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_TOKENS = ("FLY_API_TOKEN", "FLY_ACCESS_TOKEN", "FLY_METRICS_TOKEN")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
KEPT_LINES = 200


class ProgramFailed(CollectionError):
    """A program ended with an error, or took too long."""

    def __init__(self, what: str, log: list[str]) -> None:
        self.log = log
        super().__init__(what, log=log)


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
    masked = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
    said: deque[str] = deque(maxlen=KEPT_LINES)
    over = threading.Event()
    with subprocess.Popen(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as child:

        def stop() -> None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)

        def give_up() -> None:
            over.set()
            stop()

        timer = threading.Timer(timeout, give_up)
        timer.start()
        try:
            for line in child.stdout or ():
                said.append(_clean(line, masked))
                if progress:
                    progress(said[-1])
        except BaseException:
            stop()
            raise
        finally:
            timer.cancel()
    if over.is_set() or child.returncode:
        name = Path(command[0]).name
        what = f"{name} took longer than {timeout:.0f} s" if over.is_set() else f"{name} failed ({child.returncode})"
        raise ProgramFailed(what, list(said))
    return list(said)


def _clean(line: str, secrets: list[str]) -> str:
    """A line without colours and secrets, whichever part of it a progress display wrote last."""
    text = _COLOUR.sub("", line.rstrip("\r\n").rpartition("\r")[2])
    for secret in secrets:
        text = text.replace(secret, "********")
    return " ".join("********" if value_looks_secret(word) else word for word in text.split(" "))
