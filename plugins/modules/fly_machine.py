#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_machine
short_description: Manage the state and settings of a machine
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Starts, stops, suspends, restarts, cordons or destroys one existing machine, under its lease.
  - Changes its command, size, environment or restart policy without a deploy, with the health gate. The previous
    configuration is restored if the machine does not become healthy. The next deploy sets the values of fly.toml again;
    a warning points that out.
  - Machines are created by M(openclaw.fly.fly_deploy). A machine's volume outlives it.
attributes:
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: partial
    details: With O(state=restarted), every run restarts the machine.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  machine:
    description: ID or name of the machine. Defaults to the app's only machine, or the only one of O(process_group).
    type: str
  process_group:
    description: The machine's process group.
    type: str
  state:
    description:
      - Desired state. If omitted, the state is left unchanged.
      - V(restarted) restarts the machine in every run.
      - V(absent) destroys the machine. Its volume is kept.
    type: str
    choices: [started, stopped, suspended, restarted, absent]
  cordoned:
    description: Whether the machine is cordoned, so that Fly Proxy sends it no requests.
    type: bool
  command:
    description: The command to run, as in C(fly machine update --command). The image's entrypoint is kept.
    type: list
    elements: str
  vm_size:
    description: Size, such as C(shared-cpu-2x). Without O(vm_memory), the memory is that of the preset.
    type: str
  vm_memory:
    description: Memory, such as C(2048mb).
    type: str
  env:
    description:
      - Environment variables to set, or with null to remove; others are kept. For secrets use
        M(openclaw.fly.fly_secrets).
    type: dict
    default: {}
  public_env:
    description: Names of O(env) variables that look like secrets but are not.
    type: list
    elements: str
    default: []
  restart_policy:
    description: When Fly.io restarts the machine's process.
    type: str
    choices: ["no", always, on-failure]
  wait_timeout:
    description: Timeout in seconds for the machine to be started and healthy, or stopped.
    type: float
    default: 300.0
"""

EXAMPLES = r"""
- name: Give the gateway more memory until the next deploy
  openclaw.fly.fly_machine:
    app: my-openclaw
    vm_memory: 4096mb
    vm_size: shared-cpu-2x

- name: Run another command, as with fly machine update --command
  openclaw.fly.fly_machine:
    app: my-openclaw
    command: [node, dist/index.js, gateway, --port, "3000", --bind, lan]

- name: Stop the gateway at night to save costs
  openclaw.fly.fly_machine:
    app: my-openclaw
    state: stopped
"""

RETURN = r"""
machine:
  description:
    - The machine as the Machines API returns it, with the fields that M(openclaw.fly.fly_machine_info) documents;
      null if it does not exist.
  returned: success
  type: dict
  sample: {id: 3287abc, state: started, region: iad}
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [update guest.memory_mb, start]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.toml.secret_check import refuse_in_settings
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform
from ..module_utils._resources.machine import Machine, Settings, WantedMachine

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
    refuse_in_settings(params["env"], params["command"], f"machine of {app}", params["public_env"], context.secret)
    api = connect(params, context)
    env = {name: None if value is None else str(value) for name, value in params["env"].items()}
    wanted = WantedMachine(
        app=app,
        machine=params["machine"],
        group=params["process_group"],
        state=params["state"],
        cordoned=params["cordoned"],
        settings=Settings(params["command"], params["vm_size"], params["vm_memory"], env, params["restart_policy"]),
    )
    gate = Gate(api, connect_platform(params, context), app, params["wait_timeout"], context.progress)
    return Machine(api, gate, wanted, context.warn)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
