#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_summary
short_description: Print a summary of a deployed gateway
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Prints, at the end of a play, where the gateway is, how to log in, what was proved, what it costs and what to do.
  - In check mode, prints what would run and cost.
  - It talks to no server and prints no secret.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  exposure:
    description: Who can reach the gateway.
    type: str
    choices: [public, private, sealed]
    default: public
  url:
    description: The gateway's URL.
    type: str
  release:
    description: The OpenClaw release.
    type: str
    required: true
  region:
    description: The region.
    type: str
    required: true
  vm_size:
    description: The machine's size.
    type: str
  vm_memory:
    description: The machine's memory.
    type: str
  volume_size_gb:
    description: The volume's size in GB.
    type: int
    default: 0
  dedicated_ipv4:
    description: Whether the app has a dedicated IPv4 address.
    type: bool
    default: false
  tunnels:
    description: Tunnels that lead to it from outside, each with C(url) and C(paths).
    type: list
    elements: dict
    default: []
  machines:
    description: The machines, as M(openclaw.fly.fly_deploy) returns them.
    type: list
    elements: dict
    default: []
  proof:
    description: What was proved, as M(openclaw.fly.openclaw_gateway_info) returns it.
    type: dict
    default: {}
  token_file:
    description: Where the gateway's token is kept.
    type: path
  config_file:
    description: Where fly.toml is.
    type: path
  command:
    description:
      - The command that runs a playbook of this collection, with V({0}) for the playbook's name, for the commands that
        are printed. By default, the action plugin builds it from the command line of this run.
    type: str
    default: ansible-playbook openclaw.fly.{0}
  todo:
    description: What is still to be done by hand, such as records to set in DNS.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Print the summary
  openclaw.fly.openclaw_summary:
    app: my-openclaw
    url: https://my-openclaw.fly.dev
    release: 2026.9.6
    region: iad
"""

RETURN = r"""
lines:
  description: What was printed.
  returned: success
  type: list
  elements: str
monthly_dollars:
  description: What it costs in 30 days, without traffic and models; null if the region's price is not known.
  returned: success
  type: float
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.summary import summary
from ..module_utils._options.api import API_OPTIONS

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "exposure": {"type": "str", "choices": ["public", "private", "sealed"], "default": "public"},
        "url": {"type": "str"},
        "release": {"type": "str", "required": True},
        "region": {"type": "str", "required": True},
        "vm_size": {"type": "str"},
        "vm_memory": {"type": "str"},
        "volume_size_gb": {"type": "int", "default": 0},
        "dedicated_ipv4": {"type": "bool", "default": False},
        "tunnels": {"type": "list", "elements": "dict", "default": []},
        "machines": {"type": "list", "elements": "dict", "default": []},
        "proof": {"type": "dict", "default": {}},
        "token_file": {"type": "path", "no_log": False},
        "config_file": {"type": "path"},
        "command": {"type": "str", "default": "ansible-playbook openclaw.fly.{0}"},
        "todo": {"type": "list", "elements": "str", "default": []},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return summary(params, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
