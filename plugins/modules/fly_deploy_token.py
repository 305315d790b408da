#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_deploy_token
short_description: Manage a deploy token of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Creates a token that is only allowed to manage one app and always expires, and writes it to a file of mode 0600.
  - Renews it before it expires, and revokes the older tokens of the same name.
  - The token never appears in a result, log or diff. Requires an organization token.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  name:
    description: The token's name, which identifies it.
    type: str
    default: ansible
  dest:
    description: The file on the controller that the token is written to.
    type: path
    required: true
  expiry:
    description: How long a new token is valid, such as C(720h).
    type: str
    default: 2160h
  renew_before:
    description: Renew the token when it expires within this time.
    type: str
    default: 168h
  return_token:
    description: Also return the token's value. Set C(no_log) on the task then.
    type: bool
    default: false
  state:
    description: Whether the token should exist. V(absent) revokes all tokens of this name and removes the file.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Create a token for the nightly runs
  openclaw.fly.fly_deploy_token:
    app: my-openclaw
    name: nightly
    dest: secrets/my-openclaw.deploy-token
    expiry: 720h
"""

RETURN = r"""
dest:
  description: The file that contains the token.
  returned: success
  type: str
id:
  description: The token's ID, as shown by C(fly tokens list); null if there is no token.
  returned: success
  type: str
expires_at:
  description: When the token expires.
  returned: success
  type: str
  sample: "2026-12-20T10:00:00Z"
token:
  description: The token's value.
  returned: when O(return_token=true) and the token exists
  type: str
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: ["create a token: none exists"]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from pathlib import Path
from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.toml.durations import seconds
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._options.graphql import connect_graphql
from ..module_utils._resources.deploy_token import DeployToken, WantedToken

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "name": {"type": "str", "default": "ansible"},
        "dest": {"type": "path", "required": True},
        "expiry": {"type": "str", "default": "2160h"},
        "renew_before": {"type": "str", "default": "168h"},
        "return_token": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> DeployToken:
    wanted = WantedToken(
        app=params["app"],
        name=params["name"],
        dest=Path(params["dest"]),
        lifetime=seconds(params["expiry"], "expiry"),
        renew_before=seconds(params["renew_before"], "renew_before"),
        state=params["state"],
    )
    return DeployToken(connect_graphql(params, context), wanted, context.secret, params["return_token"])


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
