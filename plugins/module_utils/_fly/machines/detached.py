# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command that takes longer than an exec may: started in the background of the machine, asked after, collected.

Fly.io ends an exec after half a minute to a minute (superfly/flyctl#4194). The command's exit code and output lie in a
folder of its own under /tmp until they are collected. Each step may be sent twice: a folder is made once.
"""

from __future__ import annotations

import secrets

from ..._base import clock
from ..._base.errors import CollectionError
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
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0


def run_detached(remote: RemoteFiles, where: str, command: list[str], stdin: str | None, timeout: float) -> Json:
    """Return {exit_code, stdout, stderr}. Raises when the machine forgot it, or after `timeout` s, having killed it."""
    job = f"/tmp/.ansible-{secrets.token_hex(8)}"
    remote.shell("start the command", _START, [job, *command], stdin or "", safe=True)
    deadline, pause = clock.monotonic() + timeout, _FIRST_PAUSE
    while True:
        clock.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        told = remote.shell("ask after the command", _ASK, [job], safe=True).strip()
        if told == "lost":
            raise CollectionError(
                f"{command[0]} was lost",
                where=where,
                why="the machine was restarted meanwhile, and its /tmp with it",
                todo="See in its log why, and run again",
            )
        if told != "running":
            break
        if clock.monotonic() > deadline:
            remote.shell("end the command", _KILL, [job], safe=True)
            said = _collect(remote, job)
            raise CollectionError(
                f"{command[0]} did not end within {timeout:.0f} s, and was killed",
                where=where,
                why=(said["stderr"] or said["stdout"]).strip()[-500:],
                todo="Give it more time with timeout",
                **said,
            )
    return {"exit_code": int(told), **_collect(remote, job)}


def _collect(remote: RemoteFiles, job: str) -> dict[str, str]:
    """Its output; the folder is removed last, so that a lost answer loses nothing."""
    said = {
        name: remote.shell("collect its output", 'cat "$1"', [f"{job}/{file}"], safe=True)
        for name, file in (("stdout", "out"), ("stderr", "err"))
    }
    remote.shell("clean up", 'rm -rf -- "$1"', [job], safe=True)
    return said
