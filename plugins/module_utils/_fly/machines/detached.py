# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command that may take longer than an exec may: started in the background of the machine, then collected.

Fly.io ends an exec after half a minute to a minute (superfly/flyctl#4194). The command's exit code and output lie in a
folder of its own under /tmp until they are collected. Each step may be sent twice: a folder is made once. The exec that
starts a command waits a little for its end, so that a quick one costs two requests, the second to clean up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from ..._base.errors import CollectionError
from ..._base.waiting import TimedOut as NotEnded
from ..._base.waiting import growing, wait_until
from ..client.errors import TimedOut
from ..client.types import Json
from .remote_files import RemoteFiles

# Prints "ended CODE" and the output, "running" or "lost"; waits for the end for about $WAIT seconds.
_WAIT = 5
_RESULT = f"""
n=0
while [ -d "$job" ] && [ ! -e "$job/code" ] && [ $n -lt {_WAIT * 5} ]; do sleep 0.2; n=$((n + 1)); done
if [ -e "$job/code" ]; then
  echo "ended $(cat "$job/code")"; cat "$job/out"; cat "$job/err" >&2
elif [ -d "$job" ]; then echo running
else echo lost
fi
"""
_START = (
    """
job=$1; shift
mask=$(umask)
umask 077
if ! mkdir "$job" 2>/dev/null; then
  [ -d "$job" ] || { mkdir "$job"; exit 1; }
else
  cat > "$job/in"
  group=$(command -v setsid || true)
  nohup $group sh -c '
    job=$0; umask "$1"; shift
    "$@" < "$job/in" > "$job/out" 2> "$job/err"
    echo $? > "$job/code.new"
    mv "$job/code.new" "$job/code"
  ' "$job" "$mask" "$@" > /dev/null 2>&1 < /dev/null &
  echo $! > "$job/pid"
fi
"""
    + _RESULT
)
_ASK = "job=$1\n" + _RESULT
_KILL = 'pid=$(cat "$1/pid"); kill -KILL "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true'
_CLEAN_UP = 'rm -rf -- "$1"'
_LONGEST_PAUSE = 10.0
"""Seconds between looks, beside what each waits in the machine."""


@dataclass(frozen=True)
class Command:
    argv: list[str]
    name: str
    """What messages call it: "openclaw plugins install"."""
    stdin: str = ""
    too_slow: str = "Give it more time with timeout"
    """What to do when it does not end in time."""


def run_detached(
    remote: RemoteFiles,
    command: Command,
    timeout: float,
    progress: Callable[[str], None] = lambda _line: None,
) -> Json:
    """Return {exit_code, stdout, stderr}. Raises when the machine forgot it, or after `timeout` s, having killed it."""
    job = _Job(remote, f"/tmp/.ansible-{secrets.token_hex(8)}", command)
    try:
        ended = wait_until(
            f"{command.name} to end",
            job.look,
            lambda seen: seen is not None,
            timeout=timeout,
            every=growing(0.5, _LONGEST_PAUSE),
            where=remote.place,
            progress=progress,
        )
    except NotEnded:
        raise job.killed(timeout) from None
    if ended is None:
        raise AssertionError("the wait ended with a command that runs")
    job.clean_up()
    return ended


class _Job:
    def __init__(self, remote: RemoteFiles, folder: str, command: Command) -> None:
        self._remote, self._folder, self._command = remote, folder, command
        self._started = False

    def look(self) -> Json | None:
        """Its result, None while it runs. Starts it first; an exec that takes too long says nothing of either."""
        what = f"run {self._command.name}"
        try:
            if self._started:
                answer = self._remote.answer(what, _ASK, [self._folder])
            else:
                stdin = self._command.stdin
                answer = self._remote.answer(what, _START, [self._folder, *self._command.argv], stdin)
        except TimedOut:
            return None
        self._started = True
        head, _newline, output = answer["stdout"].partition("\n")
        if head == "lost":
            raise CollectionError(
                f"{self._command.name} was lost",
                where=self._remote.place,
                why="the machine was restarted meanwhile, and its /tmp with it",
                todo="See in its log why, and run again",
            )
        if head == "running":
            return None
        return {"exit_code": int(head.removeprefix("ended ")), "stdout": output, "stderr": answer["stderr"]}

    def killed(self, timeout: float) -> CollectionError:
        """End it, and return the error with what it printed so far."""
        self._remote.shell("end the command", _KILL, [self._folder], safe=True)
        printed = {
            name: self._remote.shell("collect its output", 'cat "$1"', [f"{self._folder}/{file}"], safe=True)
            for name, file in (("stdout", "out"), ("stderr", "err"))
        }
        self.clean_up()
        return CollectionError(
            f"{self._command.name} did not end within {timeout:.0f} s, and was killed",
            where=self._remote.place,
            why=(printed["stderr"] or printed["stdout"]).strip()[-500:],
            todo=self._command.too_slow,
            **printed,
        )

    def clean_up(self) -> None:
        """Remove the folder: last, so that a lost answer loses nothing."""
        self._remote.shell("clean up", _CLEAN_UP, [self._folder], safe=True)
