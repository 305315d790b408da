# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and write files in a running machine over exec, with a POSIX shell and coreutils.

Reading changes nothing. Writing is atomic: a temporary file beside the target, owner and mode first, then a rename.
Content travels as base64 on stdin, never in argv.
"""

from __future__ import annotations

import base64
import contextlib
import io
import secrets
import signal as signals
from dataclasses import dataclass

from ..._base.errors import CollectionError
from ..._base.waiting import until_answered
from ..client.api import MachinesApi
from ..client.errors import LeaseHeld, WrongState
from ..client.types import ExecResult, Json
from .transfer import Transfer

_LARGE = "-"
_READ = """
whole=$1; shift
for path; do
  if [ -e "$path" ]; then
    stat -c '%u:%g %a %F' "$path"
    if [ -f "$path" ]; then
      if [ "$(stat -L -c %s "$path")" -gt "$whole" ]; then printf %s -; else base64 < "$path" | tr -d '\\n'; fi
    fi
    echo
  else
    echo absent; echo
  fi
done
"""
_WRITE = """
set -eu
umask 077
for path; do
  read -r mode owner data
  dir=$(dirname -- "$path")
  if [ ! -d "$dir" ]; then
    mkdir -p -- "$dir"
    chown "$owner" "$dir"
    chmod 700 "$dir"
  fi
  temp=$(mktemp "$dir/.ansible.XXXXXXXX")
  trap 'rm -f -- "$temp"' EXIT
  if [ "$data" != - ]; then printf %s "$data" | base64 -d > "$temp"; fi
  chown "$owner" "$temp"
  chmod "$mode" "$temp"
  sync "$temp" 2>/dev/null || sync
  mv -f -- "$temp" "$path"
  trap - EXIT
done
"""
_DIRECTORY = 'mkdir -p -- "$1" && chown "$2" "$1" && chmod "$3" "$1"'
_REMOVE = 'rm -f -- "$@"'
_STAGED = 'input=$1; shift; exec "$@" < "$input"'
STDIN = 8 * 1024
"""Characters of input that one exec surely takes: with its command below 16 KiB, which Fly.io's init once took."""
WHOLE = 24 * 1024
"""Bytes of a file that are read in one answer; how much one holds is not known."""
ON_ITS_WAY = ("created", "creating", "starting", "replacing", "restarting", "updating", "stopping")
"""States that a machine leaves by itself."""
_KILLED = 137
"""A shell's exit code after SIGKILL, which all get when a machine stops."""
_ENDED = "the machine has ended"
"""How the emulator answers an exec that a stop overtook."""
_BUSY = 90.0
_PAUSE = 2.0


@dataclass(frozen=True)
class RemoteFile:
    content: bytes
    owner: str
    """uid:gid"""
    mode: str
    """Octal, such as 600."""
    kind: str = "regular file"
    """As stat names it: regular file, directory, symbolic link."""


class RemoteFiles:
    """Files of one machine."""

    def __init__(self, api: MachinesApi, app: str, machine: str) -> None:
        self._api, self._app, self._machine = api, app, machine

    @property
    def place(self) -> str:
        """How messages call it."""
        return f"machine {self._machine} of {self._app}"

    def run(self, command: list[str], stdin: str | None = None, timeout: int = 25, *, safe: bool = False) -> Json:
        """Run argv; return {exit_code, stdout, stderr}, all present. `safe`: running it twice does no harm.

        The exit code of a command that a signal ended is 128 and the signal's number, as a shell has it, and stderr
        ends with the signal's name: Fly.io reports no exit code then.
        """
        if stdin is not None and len(stdin) > STDIN:
            return self._run_staged(command, stdin, timeout, safe=safe)
        return _ended(self._exec(command, stdin, timeout, safe))

    def _run_staged(self, command: list[str], stdin: str, timeout: int, *, safe: bool) -> Json:
        """With more input than an exec surely takes: it is copied to a file first, in parts."""
        staged = f"/tmp/.ansible-{secrets.token_hex(8)}.in"
        copy = Transfer(self, self.place)
        try:
            copy.put_stream(io.BytesIO(stdin.encode()), staged)
            return _ended(self._exec(["sh", "-c", _STAGED, "sh", staged, *command], None, timeout, safe))
        finally:
            with contextlib.suppress(CollectionError):
                self.remove(staged)

    def run_part(self, what: str, script: str, arguments: list[str], stdin: str) -> str:
        """A shell script whose input is sent as it is, whatever its size; it may run twice."""
        ended = _ended(self._exec(["sh", "-c", script, "sh", *arguments], stdin, 25, True))
        return str(self._checked(what, ended)["stdout"])

    def _exec(self, command: list[str], stdin: str | None, timeout: int, safe: bool) -> ExecResult:
        """A machine that another run changes or restarts just now refuses commands; none has run then."""
        return until_answered(
            "the machine to take commands",
            lambda: self._api.exec(self._app, self._machine, command, stdin, timeout, safe=safe),
            self._is_busy,
            timeout=_BUSY,
            every=_PAUSE,
            where=self.place,
        )

    def _is_busy(self, error: CollectionError) -> bool:
        if not isinstance(error, WrongState):
            return isinstance(error, LeaseHeld)
        state = self._api.machine(self._app, self._machine).get("state")
        return state == "started" or state in ON_ITS_WAY

    def read(self, *paths: str) -> dict[str, RemoteFile | None]:
        """Read files; None for those that are not there."""
        lines = self.shell("read files", _READ, [str(WHOLE), *paths], safe=True).split("\n")
        if len(lines) <= 2 * len(paths) and len(paths) > 1:  # cut: together they are too much for one answer
            return {path: self.read(path)[path] for path in paths}
        return {path: self._parse(path, *lines[2 * n : 2 * n + 2]) for n, path in enumerate(paths)}

    def _parse(self, path: str, status: str, data: str) -> RemoteFile | None:
        if status == "absent":
            return None
        owner, mode, kind = status.replace("regular empty file", "regular file").split(" ", 2)
        content = b""
        if data == _LARGE:
            content = Transfer(self, self.place).read(path)
        else:
            with contextlib.suppress(ValueError):
                content = base64.b64decode(data)
        return RemoteFile(content, owner, mode, kind)

    def write(self, files: dict[str, RemoteFile]) -> None:
        """Write files in the given order, each atomically; missing directories are made, 0700."""
        lines = [
            f"{file.mode} {file.owner} {base64.b64encode(file.content).decode() or '-'}\n" for file in files.values()
        ]
        self.shell("write files", _WRITE, list(files), "".join(lines), safe=True)

    def remove(self, *paths: str) -> None:
        self.shell("remove files", _REMOVE, list(paths), safe=True)

    def make_directory(self, path: str, owner: str, mode: str) -> None:
        """Make it, and those above it that are missing, or give it this owner and mode."""
        self.shell("make a directory", _DIRECTORY, [path, owner, mode], safe=True)

    def shell(
        self, what: str, script: str, arguments: list[str], stdin: str | None = None, *, safe: bool = False
    ) -> str:
        """Run a POSIX shell script with arguments and return its output; `what` is for the error's text."""
        return str(self._checked(what, self.run(["sh", "-c", script, "sh", *arguments], stdin, safe=safe))["stdout"])

    def answer(self, what: str, script: str, arguments: list[str], stdin: str | None = None) -> Json:
        """As `shell`, of a script that may run twice: its output and what it wrote to stderr."""
        return self._checked(what, self.run(["sh", "-c", script, "sh", *arguments], stdin, safe=True))

    def _checked(self, what: str, answer: Json) -> Json:
        if answer["exit_code"] == _KILLED or _ENDED in answer["stderr"]:
            raise CollectionError(
                f"cannot {what}",
                where=self.place,
                why="the machine was stopped or restarted meanwhile, perhaps by another run",
                todo="Run again",
                exit_code=answer["exit_code"],
            )
        if answer["exit_code"]:
            raise CollectionError(
                f"cannot {what}",
                where=self.place,
                why=answer["stderr"].strip() or f"the shell ended with {answer['exit_code']}",
                todo="See that the volume is mounted and not full",
                exit_code=answer["exit_code"],
            )
        return answer


def _ended(answer: ExecResult) -> Json:
    code, stderr = answer.get("exit_code") or 0, answer.get("stderr") or ""
    if number := answer.get("exit_signal") or 0:
        code = code or 128 + number
        name = next((signal.name for signal in signals.Signals if signal == number), str(number))
        why = " (the machine may have too little memory)" if name == "SIGKILL" else ""
        stderr = f"{stderr.rstrip()}\nended by signal {name}{why}".lstrip()
    return {"exit_code": code, "stdout": answer.get("stdout") or "", "stderr": stderr}
