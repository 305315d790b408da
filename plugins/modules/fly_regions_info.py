#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_regions_info
short_description: Get information about Fly.io's regions
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads the regions where machines can be placed, with the price level of each.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
options: {}
"""

EXAMPLES = r"""
- name: List the regions
  openclaw.fly.fly_regions_info:
  register: fly
"""

RETURN = r"""
nearest:
  description: Code of the region next to the caller.
  returned: success
  type: str
  sample: iad
regions:
  description:
    - The regions as the Machines API returns them. C(price_factor) is the price of a machine there relative to C(iad),
      null if it is unknown.
  returned: success
  type: list
  elements: dict
  sample: [{code: ams, name: "Amsterdam, Netherlands", price_factor: 1.0385}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.facts.guests import REGION_FACTOR
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {"argument_spec": {**API_OPTIONS}, "supports_check_mode": True}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    nearest, regions = connect(params, context).nearest_and_regions()
    priced = [{**region, "price_factor": REGION_FACTOR.get(str(region.get("code")))} for region in regions]
    return {"changed": False, "nearest": nearest, "regions": priced}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
