#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_toml
short_description: Write a valid fly.toml
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Checks fly.toml before anything is touched - unknown keys, ports, checks, mounts, machine sizes - and writes it on
    the controller. The file is what C(fly deploy) and M(openclaw.fly.fly_deploy) apply.
  - Warns of what C(fly launch) leaves in a file for an app that it does not know.
  - P(openclaw.fly.machine_config#filter) returns the resulting machine configuration.
  - With O(lock=run), a file that exists is changed under the app's lock, so that a run that does not get the lock
    changes no file either. Otherwise it talks to no server.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.converges
options:
  content:
    description: The text of the file, which is written as it is. Give this or O(definition).
    type: str
  definition:
    description:
      - The content as a dictionary, such as P(openclaw.fly.app_definition#filter) builds it. It is written as TOML,
        which needs the Python library C(tomli-w) where Ansible runs.
    type: dict
  dest:
    description: Path of the file on the controller; missing directories are made.
    type: path
    required: true
  public_env:
    description: Names of C(env) variables that look like secrets but are not.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Write fly.toml from a text
  openclaw.fly.fly_toml:
    content: "{{ lookup('ansible.builtin.file', 'fly.toml') }}"
    dest: deploy/my-openclaw/fly.toml

- name: Write fly.toml from a dictionary
  openclaw.fly.fly_toml:
    definition:
      app: my-openclaw
      primary_region: iad
      http_service: {internal_port: 3000, force_https: true}
    dest: deploy/my-openclaw/fly.toml
"""

RETURN = r"""
dest:
  description: Where the file is.
  returned: success
  type: str
definition:
  description: The file's content as a dictionary, in the spelling that flyctl writes today.
  returned: success
  type: dict
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

from pathlib import Path
from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.toml.warnings import launch_leftovers
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.fly_toml_file import FlyTomlFile

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "content": {"type": "str"},
        "definition": {"type": "dict"},
        "dest": {"type": "path", "required": True},
        "public_env": {"type": "list", "elements": "str", "default": []},
    },
    "mutually_exclusive": [("content", "definition")],
    "required_one_of": [("content", "definition")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> FlyTomlFile:
    content = params["definition"] if params["content"] is None else params["content"]
    dest = Path(params["dest"])
    file = FlyTomlFile(dest, content, params["public_env"], context.secret)
    if params["lock"] == "run" and dest.exists():
        connect({**params, "app": file.toml.data.get("app")}, context)
    for line in launch_leftovers(file.toml):
        context.warn(line)
    return file


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
