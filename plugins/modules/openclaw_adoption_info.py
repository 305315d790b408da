#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_adoption_info
short_description: Get the variables that declare a running gateway as it is
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads an app that fly deploy, Terraform or another tool made, and returns variables for its host in an inventory.
  - Secrets are not returned. The gateway's token stays the one that it has - C(site.yml) reads it from the machine.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  env:
    description: Environment variables that the role P(openclaw.fly.openclaw_gateway#role) sets. They are not returned.
    type: dict
    default: {}
  command:
    description: The command that the role runs.
    type: str
    default: ""
seealso:
  - module: openclaw.fly.openclaw_gateway_info
"""

EXAMPLES = r"""
- name: Read how the gateway would be declared
  openclaw.fly.openclaw_adoption_info:
    app: my-openclaw
  register: adoption
"""

RETURN = r"""
variables:
  description: Variables of the roles, with the values that the app has now.
  returned: success
  type: dict
  sample: {fly_app_name: my-openclaw, fly_app_release: 2026.9.6, fly_app_region: iad, fly_app_vm_memory: 2048mb}
questions:
  description: What C(site.yml) would change or cannot know, one line each.
  returned: success
  type: list
  elements: str
  sample: [its machine is stopped when nobody asks for it (autostop); site.yml keeps it running]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: there is no such app}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.adoption import adoption
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "env": {"type": "dict", "default": {}},
        "command": {"type": "str", "default": ""},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    env = {str(name): str(value) for name, value in params["env"].items()}
    found = adoption(connect(params, context), params["app"], env, params["command"])
    return {"changed": False, **found}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
