#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_wireguard_peer
short_description: Manage a WireGuard peer of an organization
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Creates a key on the controller, registers its public key with Fly.io and writes a C(wg-quick) file of mode 0600.
  - The private key never leaves the controller and never appears in a result, log or diff.
  - Requires an organization token.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.converges
options:
  org:
    description: Slug of the organization. If not given, the environment variable E(FLY_ORG) is read.
    type: str
    required: true
  name:
    description: The peer's name; letters, digits and dashes.
    type: str
    required: true
  dest:
    description: The C(wg-quick) file on the controller. C(wg-quick) names the interface after it.
    type: path
    required: true
  region:
    description: Region of the peer's gateway. Defaults to one near the caller.
    type: str
  network:
    description: The private network to join, for an app with a custom network.
    type: str
  replace:
    description: Replace a peer of this name whose key is not in O(dest). This disconnects whoever uses it.
    type: bool
    default: false
  state:
    description: Whether the peer should exist. V(absent) removes the peer and the file.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Connect the operator's laptop to the private network
  openclaw.fly.fly_wireguard_peer:
    org: my-org
    name: laptop
    region: ams
    dest: ~/.config/fly/laptop.conf

# Then: sudo wg-quick up ~/.config/fly/laptop.conf, and the gateway is at http://my-openclaw.flycast
"""

RETURN = r"""
peer:
  description: The peer as Fly.io returns it; null if it does not exist.
  returned: success
  type: dict
  sample: {name: laptop, region: ams, peerip: "fdaa:0:1:a7b:d:0:a:102"}
dest:
  description: The wg-quick file.
  returned: success
  type: str
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [add the peer]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import env_fallback

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._options.graphql import connect_graphql
from ..module_utils._resources.wireguard_peer import WantedPeer, WireGuardPeer

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "org": {"type": "str", "required": True, "fallback": (env_fallback, ["FLY_ORG"])},
        "name": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
        "region": {"type": "str"},
        "network": {"type": "str"},
        "replace": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> WireGuardPeer:
    wanted = WantedPeer(
        org=params["org"],
        name=params["name"],
        dest=Path(params["dest"]),
        region=params["region"],
        network=params["network"],
        state=params["state"],
        replace=params["replace"],
    )
    return WireGuardPeer(connect_graphql(params, context), wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
