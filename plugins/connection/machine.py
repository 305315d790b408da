# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tasks in a Fly.io machine over the Machines API."""

from __future__ import annotations

DOCUMENTATION = r"""
name: machine
short_description: Run tasks in a Fly.io machine, without SSH
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Runs commands and copies files through the Machines API's exec. It needs no SSH, no WireGuard and no bucket; the
    API token is enough.
  - Commands run as root, for as long as they take. A controller that is interrupted or killed leaves no command
    running.
  - Files of any size are copied in parts and compared by size and digest.
  - Most modules need Python in the machine. The official OpenClaw image has none; M(ansible.builtin.raw) and this
    collection's modules, which run on the controller, work there. Slurp, copy and fetch need Python too, but
    M(openclaw.fly.fly_machine_file) does not.
extends_documentation_fragment:
  - connection_pipelining
options:
  app:
    description: The app's name.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: fly_name
      - name: ansible_fly_app
  machine:
    description: ID or name of the machine. Defaults to the app's first started machine.
    type: str
    vars:
      - name: fly_machine_id
      - name: ansible_fly_machine
  remote_user:
    description:
      - Name or numeric ID of the user that commands run as. Defaults to root, which is what exec gives.
      - Needs C(setpriv) in the machine, which Debian images have. C(become) works if the machine has the program that
        it needs.
    type: str
    vars:
      - name: ansible_user
  timeout:
    description: Seconds after which a command is killed; 0 for no limit.
    type: float
    default: 0
    vars:
      - name: ansible_fly_timeout
  api_token:
    description: The Fly.io API token.
    type: str
    env:
      - name: FLY_ACCESS_TOKEN
      - name: FLY_API_TOKEN
    vars:
      - name: fly_api_token
  machines_url:
    description: Base URL of the Machines API.
    type: str
    default: https://api.machines.dev
    env:
      - name: FLY_FLAPS_BASE_URL
    vars:
      - name: fly_machines_url
  ca_file:
    description: PEM file with the certificate authority to trust, for an API behind a private one.
    type: path
    env:
      - name: FLY_CA_FILE
    vars:
      - name: fly_ca_file
  api_timeout:
    description: Timeout in seconds for each request.
    type: float
    default: 30.0
  api_retries:
    description: Maximum number of retries for requests that are safe to repeat.
    type: int
    default: 5
"""

import re
import shlex
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ..module_utils._base.errors import CollectionError
from ..module_utils._converge.context import Context
from ..module_utils._fly.machines.pick import started_machine
from ..module_utils._fly.machines.remote_files import RemoteFiles
from ..module_utils._fly.machines.session import Ended, Session
from ..module_utils._fly.machines.transfer import Transfer
from ..module_utils._options.api import connect

display = Display()
_AS_USER = 'exec setpriv --reuid "$1" --regid "$(id -g "$1" 2>/dev/null || echo "$1")" --clear-groups -- sh -c "$2"'
_API = ("api_token", "machines_url", "ca_file", "api_timeout", "api_retries")


class Connection(ConnectionBase):
    transport = "openclaw.fly.machine"
    has_pipelining = True
    _connected: bool = False
    _remote: RemoteFiles
    _where = ""

    def _connect(self) -> Connection:
        if not self._connected:
            app = self.get_option("app")
            with _failures():
                api = connect({name: self.get_option(name) for name in _API}, Context())
                machine = started_machine(api, app, self.get_option("machine"))["id"]
            self._remote, self._where = RemoteFiles(api, app, machine), f"machine {machine} of {app}"
            self._connected = True
            display.vvv(f"CONNECTED to {self._where}", host=app)
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        user = self.get_option("remote_user")
        if user not in (None, "", "root", "0"):
            cmd = shlex.join(["sh", "-c", _AS_USER, "sh", str(user), cmd])
        with _failures():
            ended = Session(self._remote, self._where).run(cmd, in_data or b"", self.get_option("timeout") or None)
        return ended.exit_code, self._without_marks(ended), ended.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        if not Path(in_path).is_file():
            raise AnsibleFileNotFound(f"{in_path} is not a file on the controller")
        with _failures():
            Transfer(self._remote, self._where).put(Path(in_path), out_path)
            if self.get_option("remote_user"):
                owner = [str(self.get_option("remote_user")), out_path]
                self._remote.shell("give a file to its user", 'chown -- "$1" "$2"', owner, safe=True)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        with _failures():
            Transfer(self._remote, self._where).fetch(in_path, Path(out_path))

    def close(self) -> None:
        self._connected = False

    def reset(self) -> None:
        self.close()
        self._connect()

    def _without_marks(self, ended: Ended) -> bytes:
        """Take out the line by which a become plugin shows that it got through."""
        mark = getattr(self.become, "success", "") if self.become else ""
        return (
            re.sub(rb"^.*" + re.escape(mark.encode()) + rb".*\n", b"", ended.stdout, flags=re.M)
            if mark
            else ended.stdout
        )


class _failures:
    """Turn this collection's errors into Ansible's: the host is unreachable, with the reason."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, CollectionError):
            raise AnsibleConnectionFailure(str(error)) from error
        if isinstance(error, OSError):
            raise AnsibleError(f"a file on the controller cannot be used: {error}") from error
