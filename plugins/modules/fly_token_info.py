#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_token_info
short_description: Read what the API token may do
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads the scope of the API token in use, and optionally fails early if the scope is not sufficient.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
options:
  app:
    description: Fail when the token cannot manage this app.
    type: str
  org:
    description: Fail when the token is not of this organization.
    type: str
  create:
    description: With O(app), fail when the token cannot create it either.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Before anything is done
  openclaw.fly.fly_token_info:
    app: my-openclaw
    org: my-org
    create: true
"""

RETURN = r"""
organizations:
  description: Slugs of the organizations that it belongs to.
  returned: success
  type: list
  elements: str
apps:
  description: The apps that it is limited to; empty when it is not.
  returned: success
  type: list
  elements: str
user:
  description: Whose it is, if it is a person's.
  returned: success
  type: str
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.client import token
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str"},
        "org": {"type": "str"},
        "create": {"type": "bool", "default": False},
    },
    "required_if": [("create", True, ["app"])],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    found = token.required(connect(params, context), params["app"], params["org"], create=params["create"])
    return {"changed": False, **found.as_dict()}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
