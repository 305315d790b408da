#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_ips_info
short_description: Get information about the addresses of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads an app's addresses and determines the type of each, which the API does not return.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
"""

EXAMPLES = r"""
- name: Check whether an app is public
  openclaw.fly.fly_ips_info:
    app: my-openclaw
  register: found
"""

RETURN = r"""
ips:
  description: The addresses as the Machines API returns them, with the fields that M(openclaw.fly.fly_ips) documents.
  returned: success
  type: list
  elements: dict
  sample: [{ip: "2a09:8280:1::1", type: v6, region: global}]
public:
  description: The addresses that can be reached from the internet.
  returned: success
  type: list
  elements: str
private:
  description: The addresses that can only be reached from the organization's private network (Flycast).
  returned: success
  type: list
  elements: str
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
from ..module_utils._resources.ips import IpSet, WantedIps

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, "app": {"type": "str", "required": True}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    ips = IpSet(connect(params, context), WantedIps(params["app"], {}))
    return {"changed": False, **ips.describe(ips.observe())}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
