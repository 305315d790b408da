# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenClaw's own command line, run in the machine beside the gateway.

Each call costs seconds and 200 to 700 MB there, and several times the seconds on a busy machine: use it only for what
no probe can see. It runs in the background of the machine, because Fly.io ends an exec after a minute, and as the
gateway's user, so that no file of root's stays behind on the volume.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any, Final

from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi
from .._fly.client.errors import TimedOut
from .._fly.machines.detached import Command, run_detached
from .._fly.machines.pick import started_machine
from .._fly.machines.remote_files import RemoteFiles

_AS_USER = """
cd "$1"; user=$2; config=$3; shift 3
if [ -n "$config" ]; then export OPENCLAW_CONFIG_PATH="$config"; fi
if [ -d /home/node ]; then export HOME=/home/node; fi
if [ "$(id -u)" = 0 ] && [ "${user%:*}" != 0 ]; then
  set -- setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups -- "$@"
fi
"""
_RUN = _AS_USER + 'exec "$@"\n'
# What is declared may be written where nothing else may write.
_RUN_WRITING = _AS_USER + 'unset OPENCLAW_CONFIG_READONLY\nexec "$@"\n'
# A token that is not the machine's, from stdin.
_RUN_WITH_TOKEN = _AS_USER + 'read -r OPENCLAW_GATEWAY_TOKEN\nexport OPENCLAW_GATEWAY_TOKEN\nexec "$@"\n'
_RUN_PACKED = _AS_USER + '"$@" | gzip -c | base64 | tr -d "\\n"\n'
TIMEOUT: Final = 300.0
"""Seconds: a call takes up to 15 on a quiet machine, and ten times that on one whose CPU share is used up."""
NODE_TIMEOUT: Final = 55
"""Seconds for a program of ours: it takes one, and Fly.io ends an exec after a minute."""
_KILLED = (137, -9)
_TOO_SLOW = "The machine is busy or too small: run this again, or give it more CPU and memory ([[vm]] in fly.toml)"


class GatewayCli:
    """Calls `node dist/index.js ...` in one machine. `progress` is told that a slow one goes on."""

    def __init__(
        self,
        files: RemoteFiles,
        owner: str,
        app_dir: str = "/app",
        progress: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._files, self._owner, self._app_dir, self._progress = files, owner, app_dir, progress

    @classmethod
    def started(
        cls, api: MachinesApi, app: str, owner: str, progress: Callable[[str], None] = lambda _line: None
    ) -> GatewayCli:
        """That of the app's started machine; raises an error that says what is wrong when none runs."""
        return cls(RemoteFiles(api, app, started_machine(api, app)["id"]), owner, progress=progress)

    def run(self, *arguments: str, config: str = "", timeout: float = TIMEOUT) -> dict[str, Any]:
        """Return {exit_code, stdout, stderr}; `config` is the file to use instead of the gateway's."""
        return self._detached(_RUN, arguments, config, timeout)

    def write(self, *arguments: str, timeout: float = TIMEOUT) -> dict[str, Any]:
        """As `run`, of a command that writes the config even where OPENCLAW_CONFIG_READONLY forbids it."""
        return self._detached(_RUN_WRITING, arguments, "", timeout)

    def json(self, *arguments: str, config: str = "", timeout: float = TIMEOUT) -> Any:
        """Run a command that answers JSON, whatever its exit code; raises when it does not."""
        answer = self.run(*arguments, config=config, timeout=timeout)
        start = answer["stdout"].find("{")
        try:
            return json.loads(answer["stdout"][start:])
        except ValueError:
            raise no_answer(
                f"openclaw {' '.join(_words(arguments))} gave no answer", self._files.place, answer
            ) from None

    def schema(self) -> dict[str, Any]:
        """The release's own JSON Schema of openclaw.json (2.4 MB), packed on its way."""
        answer = self._detached(_RUN_PACKED, ("config", "schema"), "", TIMEOUT)
        try:
            schema: dict[str, object] = json.loads(gzip.decompress(base64.b64decode(answer["stdout"])))
        except (OSError, EOFError, ValueError):
            raise no_answer("the release does not print its config's schema", self._files.place, answer) from None
        return schema

    def shell(self, script: str, stdin: str) -> dict[str, Any]:
        """Run a POSIX shell script that only reads, as the gateway's user; {exit_code, stdout, stderr}."""
        return self._files.run(self._wrapped(_RUN, "", "sh", "-c", script), stdin, safe=True)

    def node(
        self, source: str, *arguments: str, stdin: str | None = None, token: str | None = None, safe: bool = False
    ) -> dict[str, Any]:
        """Run a program of ours by the machine's Node; {exit_code, stdout, stderr}. `safe`: twice does no harm.

        `token` is the program's OPENCLAW_GATEWAY_TOKEN instead of the machine's, in place of `stdin`.
        """
        script, stdin = (_RUN, stdin) if token is None else (_RUN_WITH_TOKEN, f"{token}\n")
        command = self._wrapped(script, "", "node", "-e", source, *arguments)
        try:
            return self._files.run(command, stdin, timeout=NODE_TIMEOUT, safe=safe)
        except TimedOut as error:
            raise CollectionError(
                f"the machine did not run a small program within {NODE_TIMEOUT} s",
                where=self._files.place,
                why=error.why,
                todo=_TOO_SLOW,
                **error.details,
            ) from error

    def _detached(self, script: str, arguments: tuple[str, ...], config: str, timeout: float) -> dict[str, Any]:
        argv = self._wrapped(script, config, "node", "dist/index.js", *arguments)
        command = Command(argv, f"openclaw {' '.join(_words(arguments))}", too_slow=_TOO_SLOW)
        return run_detached(self._files, command, timeout, self._progress)

    def _wrapped(self, script: str, config: str, *program: str) -> list[str]:
        return ["sh", "-c", script, "sh", self._app_dir, self._owner, config, *program]


def _words(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The command and its subcommand, without values and options."""
    return tuple(word for word in arguments[:2] if not word.startswith("-"))


def no_answer(what: str, where: str, answer: dict[str, Any]) -> CollectionError:
    """The error for a command that ended without its answer: killed for memory, or with a reason of its own."""
    printed = (answer["stderr"] or answer["stdout"]).strip()[-500:]
    code = answer["exit_code"]
    if code in _KILLED:
        why, todo = "it was killed", "The machine is short of memory for a second process: raise its memory"
    else:
        why, todo = printed or f"exit code {code}", "Fix what it names: site.yml puts a broken config right"
    return CollectionError(what, where=where, why=why, todo=todo, exit_code=code)
