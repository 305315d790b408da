#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_volume_snapshot_info
short_description: Get information about the snapshots of a volume
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads the snapshots of one volume. Those of a volume that is gone are read too, for as long as Fly.io keeps them.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  name:
    description: The volume's name. If several have it, the one that a machine mounts is used.
    type: str
  volume:
    description: The volume's ID, instead of its name.
    type: str
"""

EXAMPLES = r"""
- name: List the snapshots that can be restored
  openclaw.fly.fly_volume_snapshot_info:
    app: my-openclaw
    name: openclaw_data
  register: found
"""

RETURN = r"""
volume:
  description: ID of the volume.
  returned: success
  type: str
gone:
  description: Whether the volume itself no longer exists.
  returned: success
  type: bool
snapshots:
  description:
    - The snapshots as the Machines API returns them, with the fields that M(openclaw.fly.fly_volume_snapshot)
      documents.
  returned: success
  type: list
  elements: dict
  sample: [{id: vs_9k3m, status: created, created_at: "2026-09-20T10:00:00Z", retention_days: 5}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.volumes.lost import snapshots_of
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "name": {"type": "str"},
        "volume": {"type": "str"},
    },
    "required_one_of": [("name", "volume")],
    "mutually_exclusive": [("name", "volume")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    api = connect(params, context)
    return {"changed": False, **snapshots_of(api, params["app"], params["name"], params["volume"])}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
