#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_state
short_description: Correct the owner of a gateway's files
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Makes the gateway's user the owner of everything below the state directory. A single file that a root session left
    there stops the gateway at its next start.
  - Content and modes are left unchanged.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  machine:
    description: ID of the machine that has the volume, if it is known to run; saves a request.
    type: str
  path:
    description: The state directory, on the volume.
    type: str
    default: /data
  owner:
    description: Numeric user and group of the gateway; defaults to the image's user.
    type: str
    default: "1000:1000"
"""

EXAMPLES = r"""
- name: Correct what a root shell left behind
  openclaw.fly.openclaw_state:
    app: my-openclaw
"""

RETURN = r"""
path:
  description: The state directory.
  returned: success
  type: str
owner:
  description: Its owner.
  returned: success
  type: str
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: ["give 2 paths to 1000:1000"]
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
from ..module_utils._resources.state_owner import StateOwner

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "machine": {"type": "str"},
        "path": {"type": "str", "default": "/data"},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> StateOwner:
    return StateOwner(connect(params, context), params["app"], params["path"], params["owner"], params["machine"])


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
