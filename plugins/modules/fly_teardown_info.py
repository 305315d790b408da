#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_teardown_info
short_description: Get what is destroyed with an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Lists everything that Fly.io destroys with an app, and what of it was not declared.
  - The playbook C(teardown) prints this, and refuses to destroy an app that holds anything that was not declared.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  process_groups:
    description: The declared process groups. Machines of others are foreign.
    type: list
    elements: str
    default: [app]
  volume_names:
    description: Names of the declared volumes. Others are foreign, unless a declared machine mounts them.
    type: list
    elements: str
    default: []
seealso:
  - module: openclaw.fly.fly_retirement
  - module: openclaw.fly.fly_app
"""

EXAMPLES = r"""
- name: Read what would be destroyed with the app
  openclaw.fly.fly_teardown_info:
    app: my-openclaw
    volume_names: [data]
  register: teardown
"""

RETURN = r"""
exists:
  description: Whether the app exists.
  returned: success
  type: bool
retired:
  description: When the app was retired (C(at)) and until when it is kept (C(keep_until)); null if it is in use.
  returned: success
  type: dict
  sample: {at: "2026-11-27T10:00:00Z", keep_until: "2026-12-27T10:00:00Z"}
due:
  description: Whether a retired app has been kept for as long as it should be.
  returned: success
  type: bool
destroyed:
  description: What is destroyed with the app, one line each.
  returned: success
  type: list
  elements: str
  sample: ["volume vol_4y5g (data, iad, 1 GB) and its 5 snapshots", "address 66.241.124.1 (shared_v4)"]
foreign:
  description: What of it was not declared, one line each.
  returned: success
  type: list
  elements: str
  sample: [machine 148e of the process group worker]
machines:
  description: The app's machines, each with its C(id) and its C(state).
  returned: success
  type: list
  elements: dict
  sample: [{id: 148e, state: started}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.teardown import Declared, teardown_plan
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "process_groups": {"type": "list", "elements": "str", "default": ["app"]},
        "volume_names": {"type": "list", "elements": "str", "default": []},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    declared = Declared(params["process_groups"], params["volume_names"])
    return {"changed": False, **teardown_plan(connect(params, context), params["app"], declared)}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
