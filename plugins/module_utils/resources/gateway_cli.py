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
from typing import Any

from ..errors import CollectionError
from ..fly.remote_files import RemoteFiles

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
TIMEOUT = 55
"""Seconds: under load a call takes four times as long, and Fly.io ends a command after a minute."""


class GatewayCli:
    """Calls `node dist/index.js ...` in one machine."""

    def __init__(self, files: RemoteFiles, owner: str, app_dir: str = "/app") -> None:
        self._files, self._owner, self._app_dir = files, owner, app_dir

    def run(self, *arguments: str, config: str = "") -> dict[str, Any]:
        """Return {exit_code, stdout, stderr}; `config` is the file to use instead of the gateway's."""
        return self._files.run(self._command(_RUN, arguments, config), timeout=TIMEOUT)

    def json(self, *arguments: str, config: str = "") -> Any:
        """Run a command that answers JSON, whatever its exit code; raises when it does not."""
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

    def runs_file(self) -> bool:
        """Whether the gateway says that it runs what its file says; older releases and busy ones do not tell."""
        try:
            told = self.json("gateway", "call", "config.get", "--json")
        except CollectionError:
            return False
        return bool(told.get("appliedConfigHash")) and told.get("appliedConfigHash") == told.get("configRevisionHash")

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

    def _command(self, script: str, arguments: tuple[str, ...], config: str) -> list[str]:
        program = ["node", "dist/index.js", *arguments]
        return ["sh", "-c", script, "sh", self._app_dir, self._owner, config, *program]
