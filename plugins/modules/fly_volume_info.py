#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_volume_info
short_description: Get information about the volumes of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads all volumes of an app, or those of one name.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  name:
    description: Return only volumes of this name.
    type: str
"""

EXAMPLES = r"""
- name: Read where the data is
  openclaw.fly.fly_volume_info:
    app: my-openclaw
    name: openclaw_data
  register: found
"""

RETURN = r"""
volumes:
  description:
    - The volumes as the Machines API returns them, without those that are being destroyed. M(openclaw.fly.fly_volume)
      documents the fields.
  returned: success
  type: list
  elements: dict
  sample: [{id: vol_4xk, name: openclaw_data, region: iad, size_gb: 1, attached_machine_id: 3287abc}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.volumes.pick import volumes
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, "app": {"type": "str", "required": True}, "name": {"type": "str"}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"changed": False, "volumes": volumes(connect(params, context), params["app"], name=params["name"])}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
