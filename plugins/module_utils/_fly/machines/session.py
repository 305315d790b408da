# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run shell commands in a machine for as long as they take, over exec, and leave nothing running.

Fly.io ends an exec after half a minute to a minute. A command is started in the background of the machine, in its own
folder; the same request waits for it, so that a short command costs one request, and later ones ask again. A watchdog
beside it kills what runs and removes the folder when nobody has asked for a while: a controller that was killed leaves
nothing behind. Each step may be sent twice.
"""

from __future__ import annotations

import base64
import io
import math
import secrets
from dataclasses import dataclass

from ..._base.errors import CollectionError
from ..._base.waiting import TimedOut, wait_until
from .remote_files import RemoteFiles
from .transfer import FIRST_PART, Transfer

LINGER = 15
"""Seconds that one request waits for the command's end."""
FORGET = 60
"""Seconds without a question after which the watchdog ends the command."""
_AT_ONCE = 16 * 1024
"""Bytes of each output stream that are returned together with the exit code."""
_START = r"""
set -eu
umask 077
job=$1
if mkdir "$job" 2>/dev/null; then
  if [ -e "$job.in" ]; then mv "$job.in" "$job/in"; cat > /dev/null; else base64 -d > "$job/in"; fi
  : > "$job/alive"
  group=$(command -v setsid || true)
  nohup $group sh -c '
    job=$0
    sh -c "$1" < "$job/in" > "$job/out" 2> "$job/err"
    echo $? > "$job/code.new"
    mv "$job/code.new" "$job/code"
  ' "$job" "$2" > /dev/null 2>&1 < /dev/null &
  echo $! > "$job/pid"
  nohup $group sh -c '
    while sleep 2 && [ -d "$0" ]; do
      if [ $(($(date +%s) - $(stat -c %Y "$0/alive"))) -gt "$1" ]; then
        if [ ! -e "$0/code" ]; then
          pid=$(cat "$0/pid"); kill -KILL "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null
        fi
        rm -rf -- "$0"
      fi
    done
  ' "$job" "$5" > /dev/null 2>&1 < /dev/null &
fi
"""
_ASK = r"""
job=$1
touch -c "$job/alive"
count=0
while [ -d "$job" ] && [ ! -e "$job/code" ] && [ $count -lt "$3" ]; do
  if [ $count -lt 20 ]; then sleep 0.05; else sleep 0.5; fi
  count=$((count + 1))
done
if [ -e "$job/code" ]; then
  echo "$(cat "$job/code") $(stat -c %s "$job/out") $(stat -c %s "$job/err")"
  for file in out err; do head -c "$4" "$job/$file" | base64 | tr -d '\n'; echo; done
elif [ -d "$job" ]; then echo running; else echo lost; fi
"""
_KILL = r"""
if [ -d "$1" ]; then
  pid=$(cat "$1/pid" 2>/dev/null) && { kill -KILL "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null; }
fi
rm -rf -- "$1" "$1.in"
"""


@dataclass(frozen=True)
class Ended:
    exit_code: int
    stdout: bytes
    stderr: bytes


class Session:
    """Shell commands of one machine."""

    def __init__(self, remote: RemoteFiles, where: str, folder: str = "/tmp") -> None:
        self._remote, self._where, self._folder = remote, where, folder
        self._transfer = Transfer(remote, where)

    def run(self, command: str, stdin: bytes = b"", timeout: float | None = None) -> Ended:
        """Run a shell command to its end; on any exception, an interrupt too, it is killed in the machine."""
        job = f"{self._folder}/.ansible-{secrets.token_hex(8)}"
        try:
            answer = self._start(job, command, stdin)
            if answer == "running":
                answer = self._until_it_ends(job, math.inf if timeout is None else timeout)
            if answer == "lost":
                raise CollectionError(
                    "the command was lost",
                    where=self._where,
                    why="the machine was restarted meanwhile, and its /tmp with it",
                    todo="Read the machine's log, and run again",
                )
            return self._ended(job, answer)
        except BaseException:
            self._remote.shell("end the command", _KILL, [job], safe=True)
            raise

    def _until_it_ends(self, job: str, timeout: float) -> str:
        try:
            return wait_until(
                "the command to end",
                lambda: self._ask(job, _ASK, ""),
                lambda answer: answer != "running",
                timeout=timeout,
                every=0.0,  # each look waits in the machine
            )
        except TimedOut as error:
            raise CollectionError(
                f"the command did not end within {timeout:.0f} s, and was killed",
                where=self._where,
                todo="Give it more time, or run it in the background",
            ) from error

    def _start(self, job: str, command: str, stdin: bytes) -> str:
        if len(stdin) > FIRST_PART // 2:
            self._transfer.put_stream(io.BytesIO(stdin), f"{job}.in")
            stdin = b""
        return self._ask(job, _START + _ASK, base64.b64encode(stdin).decode(), command)

    def _ask(self, job: str, script: str, stdin: str, command: str = "") -> str:
        turns = 20 + 2 * (LINGER - 1)
        arguments = [job, command, str(turns), str(_AT_ONCE), str(FORGET)]
        return self._remote.shell("run a command", script, arguments, stdin, safe=True).strip("\n")

    def _ended(self, job: str, answer: str) -> Ended:
        head, *streams = answer.split("\n")
        code, *sizes = (int(word) for word in head.split())
        outputs = []
        for name, size, text in zip(("out", "err"), sizes, [*streams, "", ""], strict=False):
            data = base64.b64decode(text)
            outputs.append(data if len(data) == size else self._whole(f"{job}/{name}"))
        return Ended(code, *outputs)

    def _whole(self, path: str) -> bytes:
        return self._transfer.read(path)
