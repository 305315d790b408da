#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_machine_exec
short_description: Run a command in a machine
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Runs a command with optional standard input, and fails if the command fails.
  - No shell is involved unless O(command) names one.
  - Fly.io ends a command after 30 to 60 seconds. With O(detach), and for a longer O(timeout), the command is started in
    the background of the machine and polled, and its output and exit code are collected.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.commands
options:
  command:
    description: The program and its arguments.
    type: list
    elements: str
    required: true
  stdin:
    description: Text for its standard input. Masked in all output.
    type: str
  machine:
    description: ID or name of the machine. Defaults to the app's first started machine.
    type: str
  timeout:
    description: Timeout in seconds. With more than 25 the command runs detached.
    type: int
    default: 25
  detach:
    description: Run the command in the background of the machine. Requires C(sh), C(nohup) and C(/tmp) there.
    type: bool
    default: false
  changed:
    description:
      - Whether the command changes something. A command that does not is also run in check mode, and is repeated if the
        connection is lost.
    type: bool
    default: true
  fail_on_exit_code:
    description: Whether an exit code other than 0 fails the task.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Read how full the volume is
  openclaw.fly.fly_machine_exec:
    app: my-openclaw
    command: [df, -h, /data]
    changed: false

- name: Run a backup that takes several minutes
  openclaw.fly.fly_machine_exec:
    app: my-openclaw
    command: [tar, -czf, /data/backup.tar.gz, -C, /data, workspace]
    timeout: 900
"""

RETURN = r"""
exit_code:
  description: The command's exit code.
  returned: when it ran
  type: int
stdout:
  description: Its standard output.
  returned: when it ran
  type: str
stderr:
  description: Its standard error.
  returned: when it ran
  type: str
machine:
  description: ID of the machine.
  returned: when it ran
  type: str
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.run_command import run_command
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "command": {"type": "list", "elements": "str", "required": True},
        "stdin": {"type": "str", "no_log": True},
        "machine": {"type": "str"},
        "timeout": {"type": "int", "default": 25},
        "detach": {"type": "bool", "default": False},
        "changed": {"type": "bool", "default": True},
        "fail_on_exit_code": {"type": "bool", "default": True},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    if params["changed"] and context.check_mode:
        return {"changed": True, "changes": [f"run {params['command'][0]}"]}
    result = run_command(
        connect(params, context),
        params["app"],
        params["command"],
        stdin=params["stdin"],
        machine=params["machine"],
        timeout=params["timeout"],
        detach=params["detach"],
        safe=not params["changed"],
    )
    if result["exit_code"] and params["fail_on_exit_code"]:
        said = (result["stderr"] or result["stdout"]).strip()[-500:]
        result["failed"] = True
        result["msg"] = f"{params['command'][0]} ended with exit code {result['exit_code']}: {said}"
    return {**result, "changed": params["changed"]}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
