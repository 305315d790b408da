#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_platform_info
short_description: Get machine sizes, limits and prices
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Returns Fly.io's machine sizes, their limits and their monthly cost in one region.
  - Makes no request; the data is part of the collection, as of 2026-08.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
options:
  region:
    description: The region that prices are returned for.
    type: str
    default: iad
"""

EXAMPLES = r"""
- name: Read what a gateway costs in London
  openclaw.fly.fly_platform_info:
    region: lhr
  register: fly
"""

RETURN = r"""
sizes:
  description:
    - The preset sizes. C(monthly_dollars) is for 30 days of uninterrupted running, null if the price is unknown.
  returned: success
  type: list
  elements: dict
  sample: [{name: shared-cpu-1x, cpu_kind: shared, cpus: 1, memory_mb: 256, max_memory_mb: 2048, monthly_dollars: 1.95}]
prices:
  description: Further prices in dollars a month. C(memory_gb) is multiplied by the region's factor.
  returned: success
  type: dict
  sample: {memory_gb: 5.0, volume_gb: 0.15, dedicated_v4: 2.0}
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.facts.guests import prices, sizes
from ..module_utils._options.api import API_OPTIONS

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, "region": {"type": "str", "default": "iad"}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"changed": False, "sizes": sizes(params["region"]), "prices": prices()}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
