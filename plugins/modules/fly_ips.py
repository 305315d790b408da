#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_ips
short_description: Manage the exact set of an app's IP addresses
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Allocates missing addresses first, then releases surplus ones, so that no address stays public by accident.
  - Egress addresses, which are for outgoing traffic only, are left unchanged.
  - At least one private address has to be in the app's own network. Where Fly.io shows that none is, one is allocated
    there before a surplus one is released.
  - Refuses to allocate the first public address of an app that runs a machine, unless O(allow_public=true).
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  shared_v4:
    description: Whether the app should have the free shared IPv4 address.
    type: bool
    default: false
  v4:
    description: Number of dedicated IPv4 addresses (2 USD a month each).
    type: int
    default: 0
  v6:
    description: Number of public IPv6 addresses.
    type: int
    default: 0
  private_v6:
    description: Number of private (Flycast) IPv6 addresses.
    type: int
    default: 0
  region:
    description: Region of a new dedicated IPv4 address. Defaults to a global address.
    type: str
  release:
    description: Whether to release addresses that are not declared.
    type: bool
    default: true
  allow_public:
    description:
      - Whether an app that runs a machine and has no public address may become public.
      - An app without a machine, or with none but the one that is held until its first deploy, needs no such word.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Make an app public, free of charge
  openclaw.fly.fly_ips:
    app: my-openclaw
    shared_v4: true
    v6: 1
    allow_public: true

- name: Make an app private and release all of its public addresses
  openclaw.fly.fly_ips:
    app: my-openclaw
    private_v6: 1
"""

RETURN = r"""
ips:
  description: All addresses of the app.
  returned: success
  type: list
  elements: dict
  contains:
    ip:
      description: The address.
      type: str
    type:
      description: One of V(v4), V(v6), V(shared_v4), V(private_v6) and V(egress).
      type: str
    region:
      description: The address's region.
      type: str
    shared:
      description: Whether other apps have the same address.
      type: bool
    in_app_network:
      description: Whether a private address is in the app's own network; missing where Fly.io does not report it.
      type: bool
  sample: [{ip: 66.241.124.1, shared: true, type: shared_v4}]
public:
  description: The public addresses.
  returned: success
  type: list
  elements: str
  sample: [66.241.124.1]
private:
  description: The Flycast addresses.
  returned: success
  type: list
  elements: str
  sample: ["fdaa:0:1::3"]
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: ["release v4 137.66.1.2"]
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
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "shared_v4": {"type": "bool", "default": False},
        "v4": {"type": "int", "default": 0},
        "v6": {"type": "int", "default": 0},
        "private_v6": {"type": "int", "default": 0},
        "region": {"type": "str"},
        "release": {"type": "bool", "default": True},
        "allow_public": {"type": "bool", "default": False},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> IpSet:
    counts = {kind: int(params[kind]) for kind in ("shared_v4", "v4", "v6", "private_v6")}
    wanted = WantedIps(params["app"], counts, params["region"], params["release"], params["allow_public"])
    return IpSet(connect(params, context), wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
