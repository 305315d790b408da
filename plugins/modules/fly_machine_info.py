#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_machine_info
short_description: Get information about the machines of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads the state, configuration, checks and recent events of an app's machines.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  process_group:
    description: Return only machines of this process group.
    type: str
"""

EXAMPLES = r"""
- name: List the machines of an app
  openclaw.fly.fly_machine_info:
    app: my-openclaw
  register: found
"""

RETURN = r"""
machines:
  description: The machines as the Machines API returns them, without destroyed ones.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The machine's ID.
      type: str
    name:
      description: The machine's name.
      type: str
    state:
      description: The machine's state, such as V(started), V(stopped) or V(suspended).
      type: str
    region:
      description: The machine's region.
      type: str
    instance_id:
      description: ID of the machine's current version.
      type: str
    private_ip:
      description: The machine's address in the private network (6PN).
      type: str
    config:
      description:
        - The machine's configuration, including C(image), C(env), C(guest), C(mounts), C(services) and C(metadata).
      type: dict
    checks:
      description: The health checks, each with its C(name), C(status) and C(output).
      type: list
      elements: dict
    events:
      description: The most recent events, newest first.
      type: list
      elements: dict
  sample: [{id: 3287abc, state: started, region: iad}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.deployed import live_machines
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, "app": {"type": "str", "required": True}, "process_group": {"type": "str"}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    found = live_machines(connect(params, context), params["app"], params["process_group"])
    return {"changed": False, "machines": found}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
