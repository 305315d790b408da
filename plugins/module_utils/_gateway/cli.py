# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenClaw's own command line, run in the machine beside the gateway.

Each call costs seconds and 200 to 700 MB there: use it only for what no probe tells. It runs as the gateway's user,
so that no file of root's stays behind on the volume.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi
from .._fly.machines.detached import run_detached
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
_RUN_PACKED = _AS_USER + '"$@" | gzip -c | base64 | tr -d "\\n"\n'
# In the background, for what may take longer than a command may; told by its folder. What is declared may be written
# where nothing else may write.
_START = (
    _AS_USER
    + """
unset OPENCLAW_CONFIG_READONLY
folder=$(mktemp -d /tmp/openclaw-fly.XXXXXX)
setsid sh -c '
  folder=$1; shift
  "$@" > "$folder/out" 2>&1
  echo $? > "$folder/new"
  mv "$folder/new" "$folder/code"
' sh "$folder" "$@" > /dev/null 2>&1 < /dev/null &
echo "$folder"
"""
)
_FINISHED = 'if [ -e "$1/code" ]; then cat "$1/code"; tail -c 4000 "$1/out"; rm -rf -- "$1"; fi'
TIMEOUT = 55
"""Seconds: under load a call takes four times as long, and Fly.io ends a command after a minute."""
_PAUSE = 3.0


class GatewayCli:
    """Calls `node dist/index.js ...` in one machine."""

    def __init__(self, files: RemoteFiles, owner: str, app_dir: str = "/app") -> None:
        self._files, self._owner, self._app_dir = files, owner, app_dir

    @classmethod
    def started(cls, api: MachinesApi, app: str, owner: str) -> GatewayCli:
        """That of the app's started machine; raises an error that says what is wrong when none runs."""
        return cls(RemoteFiles(api, app, started_machine(api, app)["id"]), owner)

    def run(self, *arguments: str, config: str = "") -> dict[str, Any]:
        """Return {exit_code, stdout, stderr}; `config` is the file to use instead of the gateway's."""
        return self._files.run(self._command(_RUN, arguments, config), timeout=TIMEOUT)

    def run_long(self, *arguments: str, timeout: float, progress: Callable[[str], None]) -> tuple[int, str]:
        """Run in the background of the machine; return exit code and the end of what it printed.

        `progress` is told that it goes on; raises when it has not ended after `timeout` seconds.
        """
        folder = self._files.shell("start a command", *self._started(arguments)).strip()
        began = clock.monotonic()
        while (elapsed := clock.monotonic() - began) < timeout:
            code, _newline, text = self._files.shell("see how a command goes", _FINISHED, [folder]).partition("\n")
            if code:
                return int(code), text.strip()
            progress(f"openclaw {' '.join(arguments[:3])}: {elapsed:.0f} s")
            clock.sleep(_PAUSE)
        raise CollectionError(
            f"openclaw {arguments[0]} does not end",
            why=f"it runs for {timeout:.0f} s",
            todo=f"See {folder}/out in the machine",
        )

    def _started(self, arguments: tuple[str, ...]) -> tuple[str, list[str]]:
        _sh, _c, script, _name, *rest = self._command(_START, arguments, "")
        return script, rest

    def json(self, *arguments: str, config: str = "", timeout: float = 0) -> Any:
        """Run a command that answers JSON, whatever its exit code; raises when it does not.

        With `timeout`, in seconds, it may take longer than Fly.io lets a command.
        """
        if timeout:
            command = self._command(_RUN, arguments, config)
            answer = run_detached(self._files, f"openclaw {' '.join(arguments)}", command, None, timeout)
        else:
            answer = self.run(*arguments, config=config)
        start = answer["stdout"].find("{")
        try:
            return json.loads(answer["stdout"][start:])
        except ValueError:
            raise CollectionError(
                f"openclaw {arguments[0]} gave no answer",
                why=(answer["stderr"] or answer["stdout"]).strip()[-500:] or f"exit code {answer['exit_code']}",
                todo="The machine may be short of memory for a second process: raise its memory",
            ) from None

    def schema(self) -> dict[str, Any]:
        """The release's own JSON Schema of openclaw.json (2.4 MB), packed on its way."""
        answer = self._files.run(self._command(_RUN_PACKED, ("config", "schema"), ""), timeout=TIMEOUT)
        try:
            schema: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(answer["stdout"])))
        except (OSError, EOFError, ValueError):
            raise CollectionError(
                "the release does not tell its config's schema", why=answer["stderr"].strip()[-500:]
            ) from None
        return schema

    def node(self, source: str, *arguments: str, stdin: str | None = None) -> dict[str, Any]:
        """Run a program of ours by the machine's Node; {exit_code, stdout, stderr}."""
        command = self._wrapped(_RUN, "", "node", "-e", source, *arguments)
        return self._files.run(command, stdin, timeout=TIMEOUT)

    def _command(self, script: str, arguments: tuple[str, ...], config: str) -> list[str]:
        return self._wrapped(script, config, "node", "dist/index.js", *arguments)

    def _wrapped(self, script: str, config: str, *program: str) -> list[str]:
        return ["sh", "-c", script, "sh", self._app_dir, self._owner, config, *program]
