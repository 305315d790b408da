# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command that takes longer than an exec may: started in the background of the machine, asked after, collected.

Fly.io ends an exec after half a minute to a minute (superfly/flyctl#4194). The command's exit code and output lie in a
folder of its own under /tmp until they are collected. Each step may be sent twice: a folder is made once.
"""

from __future__ import annotations

import itertools
import secrets

from ..._base import clock
from ..._base.errors import CollectionError
from ..._base.waiting import TimedOut, wait_until
from ..client.api import Json
from .remote_files import RemoteFiles

_START = """
set -eu
umask 077
job=$1; shift
mkdir "$job" 2>/dev/null || exit 0
cat > "$job/in"
group=$(command -v setsid || true)
nohup $group sh -c '
  job=$0
  "$@" < "$job/in" > "$job/out" 2> "$job/err"
  echo $? > "$job/code.new"
  mv "$job/code.new" "$job/code"
' "$job" "$@" > /dev/null 2>&1 < /dev/null &
echo $! > "$job/pid"
"""
_ASK = 'cat "$1/code" 2>/dev/null || { [ -d "$1" ] && echo running || echo lost; }'
_KILL = 'pid=$(cat "$1/pid"); kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true'
_FIRST_PAUSE = 1.0
_LOST = "the machine was restarted meanwhile, and its /tmp with it"


def run_detached(remote: RemoteFiles, where: str, command: list[str], stdin: str | None, timeout: float) -> Json:
    """Return {exit_code, stdout, stderr}. Raises when the machine forgot it, or after `timeout` s, having killed it."""
    job = f"/tmp/.ansible-{secrets.token_hex(8)}"
    remote.shell("start the command", _START, [job, *command], stdin or "", safe=True)
    pauses = itertools.chain((1.5, 2.25, 3.4, 5.0, 7.5), itertools.repeat(10.0))
    clock.sleep(_FIRST_PAUSE)
    try:
        code = wait_until(
            f"{command[0]} to end",
            lambda: remote.shell("ask after the command", _ASK, [job], safe=True).strip(),
            lambda answer: answer not in ("running", "lost"),
            timeout=timeout,
            every=lambda: next(pauses),
            where=where,
            permanent=lambda answer: _LOST if answer == "lost" else None,
            todo="See in its log why it was restarted, and run again",
        )
    except TimedOut as error:
        remote.shell("end the command", _KILL, [job], safe=True)
        output = _collect(remote, job)
        raise CollectionError(
            f"{command[0]} did not end within {timeout:.0f} s, and was killed",
            where=where,
            why=(output["stderr"] or output["stdout"]).strip()[-500:],
            todo="Give it more time with timeout",
            **output,
        ) from error
    return {"exit_code": int(code), **_collect(remote, job)}


def _collect(remote: RemoteFiles, job: str) -> dict[str, str]:
    """Its output; the folder is removed last, so that a lost answer loses nothing."""
    said = {
        name: remote.shell("collect its output", 'cat "$1"', [f"{job}/{file}"], safe=True)
        for name, file in (("stdout", "out"), ("stderr", "err"))
    }
    remote.shell("clean up", 'rm -rf -- "$1"', [job], safe=True)
    return said
