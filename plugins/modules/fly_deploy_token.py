#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_deploy_token
short_description: Declare a deploy token of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Makes a token that may manage one app and nothing else, always with an end, and writes it to a 0600 file.
  - Makes another in time, and revokes the older ones of its name.
  - The token is in no result, log or diff. Needs a token of the organization.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  name:
    description: The token's name, by which it is found again.
    type: str
    default: ansible
  dest:
    description: The file on the controller that holds the token and nothing else.
    type: path
    required: true
  expiry:
    description: How long it is good for, such as C(720h).
    type: str
    default: 2160h
  renew_before:
    description: Make another when less than this is left.
    type: str
    default: 168h
  return_token:
    description: Return its value too. Say C(no_log) then.
    type: bool
    default: false
  state:
    description: Whether it is to be there; V(absent) revokes all of its name and removes the file.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: A token for the nightly runs, which need no more
  openclaw.fly.fly_deploy_token:
    app: my-openclaw
    name: nightly
    dest: secrets/my-openclaw.deploy-token
    expiry: 720h
"""

RETURN = r"""
dest:
  description: The file that holds it.
  returned: success
  type: str
id:
  description: Its id, as C(fly tokens list) shows it; null when there is none.
  returned: success
  type: str
expires_at:
  description: When it ends.
  returned: success
  type: str
  sample: "2026-12-20T10:00:00Z"
token:
  description: Its value.
  returned: when O(return_token=true) and it is there
  type: str
changes:
  description: What was done, or in check mode would be, a line each.
  returned: success
  type: list
  elements: str
  sample: ["make a token: there is none"]
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from pathlib import Path
from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.toml.durations import seconds
from ..module_utils._options.api import API_OPTIONS, connect_graphql
from ..module_utils._resources.deploy_token import DeployToken

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
    return DeployToken(
        connect_graphql(params, context),
        params["app"],
        params["name"],
        Path(params["dest"]),
        lifetime=seconds(params["expiry"], "expiry"),
        renew_before=seconds(params["renew_before"], "renew_before"),
        state=params["state"],
        secret=context.secret,
        show=params["return_token"],
    )


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
