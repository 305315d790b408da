#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_machine
short_description: Declare whether a machine runs, and with what
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Starts, stops, suspends, restarts, cordons or destroys one machine that is there already, under its lease.
  - Changes its command, size, environment or restart policy without a deploy, behind the health gate. What ran before
    is put back when it does not get healthy. The next deploy sets what fly.toml says; a warning tells so.
  - Machines are created by M(openclaw.fly.fly_deploy). A machine's volume outlives it.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  machine:
    description: Id or name of the machine. If not given, the app's only one, or the only one of O(process_group).
    type: str
  process_group:
    description: The process group that it runs.
    type: str
  state:
    description:
      - What it is to be; if not given, it is left as it is.
      - V(restarted) restarts it each time.
      - V(absent) destroys it. Its volume stays.
    type: str
    choices: [started, stopped, suspended, restarted, absent]
  cordoned:
    description: Whether Fly's proxy sends it no requests.
    type: bool
  command:
    description: The command to run, as in C(fly machine update --command). The image's entrypoint stays before it.
    type: list
    elements: str
  vm_size:
    description: Size, such as C(shared-cpu-2x). Its memory is that of the preset if O(vm_memory) is not given.
    type: str
  vm_memory:
    description: Memory, such as C(2048mb).
    type: str
  env:
    description: Variables to set, and with null to take away; others stay. No secrets, see M(openclaw.fly.fly_secrets).
    type: dict
    default: {}
  public_env:
    description: Names in O(env) that look like secrets and are none.
    type: list
    elements: str
    default: []
  restart_policy:
    description: When Fly restarts its process.
    type: str
    choices: ["no", always, on-failure]
  wait_timeout:
    description: Seconds for the machine to be started and healthy, or at rest.
    type: float
    default: 300.0
"""

EXAMPLES = r"""
- name: Give the gateway more memory until the next deploy
  openclaw.fly.fly_machine:
    app: my-openclaw
    vm_memory: 4096mb
    vm_size: shared-cpu-2x

- name: Another command, as in fly machine update --command
  openclaw.fly.fly_machine:
    app: my-openclaw
    command: [node, dist/index.js, gateway, --port, "3000", --bind, lan]

- name: No costs at night
  openclaw.fly.fly_machine:
    app: my-openclaw
    state: stopped
"""

RETURN = r"""
machine:
  description: The machine as the Machines API gives it; null when there is none.
  returned: success
  type: dict
  sample: {id: 3287abc, state: started, region: iad}
changes:
  description: What was done, or in check mode would be, a line each.
  returned: success
  type: list
  elements: str
  sample: [update guest.memory_mb, start]
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.toml.env_check import refuse_secrets
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform
from ..module_utils._resources.machine import Machine, Settings

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "machine": {"type": "str"},
        "process_group": {"type": "str"},
        "state": {"type": "str", "choices": ["started", "stopped", "suspended", "restarted", "absent"]},
        "cordoned": {"type": "bool"},
        "command": {"type": "list", "elements": "str"},
        "vm_size": {"type": "str"},
        "vm_memory": {"type": "str"},
        "env": {"type": "dict", "default": {}},
        "public_env": {"type": "list", "elements": "str", "default": []},
        "restart_policy": {"type": "str", "choices": ["no", "always", "on-failure"]},
        "wait_timeout": {"type": "float", "default": 300.0},
    },
    "mutually_exclusive": [("machine", "process_group")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Machine:
    app = params["app"]
    refuse_secrets(params["env"], f"env for {app}", params["public_env"], context.secret)
    api = connect(params, context)
    env = {name: None if value is None else str(value) for name, value in params["env"].items()}
    return Machine(
        api,
        Gate(api, connect_platform(params, context), app, params["wait_timeout"], context.progress),
        app,
        machine=params["machine"],
        group=params["process_group"],
        state=params["state"],
        cordoned=params["cordoned"],
        settings=Settings(params["command"], params["vm_size"], params["vm_memory"], env, params["restart_policy"]),
        warn=context.warn,
    )


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
