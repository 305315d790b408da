#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_machine_file
short_description: Write a file or make a directory in a machine
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Writes atomically, with owner and mode, through the Machines API's exec. The content is sent on standard input only.
  - Only files on a volume survive the machine's next update.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  path:
    description: Absolute path in the machine.
    type: str
    required: true
  content:
    description: Text of the file. With O(secret=true) it is masked in all output.
    type: str
  template:
    description:
      - A Jinja2 template on the controller, instead of O(content); a role's C(templates) folder is searched too.
      - Rendered on the controller with the task's variables.
    type: path
  owner:
    description: Numeric owner and group.
    type: str
    default: "1000:1000"
  mode:
    description: Octal mode.
    type: str
    default: "600"
  machine:
    description: ID or name of the machine. Defaults to the app's first started machine.
    type: str
  secret:
    description: Whether the content is secret, so that no diff shows it.
    type: bool
    default: false
  state:
    description: Whether a file or a directory should exist. V(absent) removes a file, never a directory.
    type: str
    choices: [present, absent, directory]
    default: present
"""

EXAMPLES = r"""
- name: Write instructions for the agent
  openclaw.fly.fly_machine_file:
    app: my-openclaw
    path: /data/workspace/AGENTS.md
    content: "{{ lookup('ansible.builtin.file', 'AGENTS.md') }}"
    mode: "644"

- name: Render what the agent knows about its user
  openclaw.fly.fly_machine_file:
    app: my-openclaw
    path: /data/workspace/USER.md
    template: USER.md.j2

- name: Create the agent's workspace
  openclaw.fly.fly_machine_file:
    app: my-openclaw
    path: /data/workspace
    mode: "700"
    state: directory
"""

RETURN = r"""
path:
  description: The file's path.
  returned: success
  type: str
exists:
  description: Whether the file or directory exists.
  returned: success
  type: bool
owner:
  description: Its owner and group.
  returned: when it exists
  type: str
mode:
  description: Its octal mode.
  returned: when it exists
  type: str
size:
  description: Its size in bytes.
  returned: when it exists
  type: int
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [write]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.machine_file import MachineFile, WantedMachineFile

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "path": {"type": "str", "required": True},
        "content": {"type": "str"},
        "template": {"type": "path"},
        "owner": {"type": "str", "default": "1000:1000"},
        "mode": {"type": "str", "default": "600"},
        "machine": {"type": "str"},
        "secret": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent", "directory"], "default": "present"},
    },
    "mutually_exclusive": [("content", "template")],
    "required_if": [("state", "present", ["content", "template"], True)],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> MachineFile:
    content = params["content"] if params["state"] == "present" else None
    if params["secret"] and content:
        context.secret(content)
    wanted = WantedMachineFile(
        app=params["app"],
        path=params["path"],
        content=None if content is None else content.encode(),
        owner=params["owner"],
        mode=params["mode"].lstrip("0"),
        machine=params["machine"],
        show_content=not params["secret"],
        directory=params["state"] == "directory",
    )
    return MachineFile(connect(params, context), wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
