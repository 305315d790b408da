#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_app_info
short_description: Read about Fly.io apps
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads one app, or all of an organization.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
options:
  name:
    description: The app to read. One of O(name) and O(org) is needed.
    type: str
    aliases: [app]
  org:
    description: Slug of an organization; all of its apps are read.
    type: str
"""

EXAMPLES = r"""
- name: Check whether an app exists
  openclaw.fly.fly_app_info:
    name: my-openclaw
  register: found

- name: List the apps of an organization
  openclaw.fly.fly_app_info:
    org: my-org
"""

RETURN = r"""
apps:
  description: The apps found, as the Machines API returns them, with the fields that M(openclaw.fly.fly_app) documents.
  returned: success
  type: list
  elements: dict
  sample: [{name: my-openclaw, status: deployed, machine_count: 1, volume_count: 1}]
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

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "name": {"type": "str", "aliases": ["app"]},
        "org": {"type": "str"},
    },
    "required_one_of": [("name", "org")],
    "mutually_exclusive": [("name", "org")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    api = connect(params, context)
    if params["org"]:
        return {"changed": False, "apps": api.apps(params["org"])}
    app = api.app(params["name"])
    return {"changed": False, "apps": [app] if app else []}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
