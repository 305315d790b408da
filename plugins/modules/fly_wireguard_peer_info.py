#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_wireguard_peer_info
short_description: Get information about the WireGuard peers of an organization
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads the peers of an organization. Requires an organization token.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
options:
  org:
    description: Slug of the organization. If not given, the environment variable E(FLY_ORG) is read.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: List the peers of an organization
  openclaw.fly.fly_wireguard_peer_info:
    org: my-org
  register: found
"""

RETURN = r"""
peers:
  description: The peers as Fly.io returns them.
  returned: success
  type: list
  elements: dict
  sample: [{name: laptop, region: ams, peerip: "fdaa:0:1:a7b:d:0:a:102"}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ansible.module_utils.basic import env_fallback

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._options.graphql import connect_graphql

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "org": {"type": "str", "required": True, "fallback": (env_fallback, ["FLY_ORG"])},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"changed": False, "peers": connect_graphql(params, context).peers(params["org"])[1]}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
