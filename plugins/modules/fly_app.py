#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_app
short_description: Create or destroy a Fly.io app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - An app is the name under which machines, volumes, secrets and addresses live.
  - Fails with a clear error if the name is taken by another organization.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.converges
options:
  name:
    description: The app's name; global on Fly.io. Lower case letters, digits and hyphens.
    type: str
    required: true
    aliases: [app]
  org:
    description:
      - Slug of the organization that owns it; needed to create an app.
      - If not given, the environment variables E(FLY_ORG) and E(FLY_ORGANIZATION) are read.
    type: str
  network:
    description: Name of a custom private network (6PN) for the app. Cannot be changed later.
    type: str
  state:
    description: Whether the app should exist.
    type: str
    choices: [present, absent]
    default: present
  destroy_volumes:
    description: With O(state=absent), also destroy the app's volumes and the data on them.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Create an app for a gateway
  openclaw.fly.fly_app:
    name: my-openclaw
    org: personal

- name: Destroy the app with all its data
  openclaw.fly.fly_app:
    name: my-openclaw
    state: absent
    destroy_volumes: true
"""

RETURN = r"""
app:
  description: The app as the Machines API returns it; null if it does not exist.
  returned: success
  type: dict
  contains:
    name:
      description: The app's name.
      type: str
    id:
      description: The app's ID.
      type: str
    status:
      description: The app's status, such as V(deployed) or V(pending).
      type: str
    organization:
      description: The organization that owns the app, with its C(name) and C(slug).
      type: dict
    machine_count:
      description: Number of machines.
      type: int
    volume_count:
      description: Number of volumes.
      type: int
    network:
      description: Name of the app's private network.
      type: str
  sample: {name: my-openclaw, status: deployed, organization: {slug: personal}, machine_count: 1}
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [create the app]
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
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.app import App, WantedApp

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "name": {"type": "str", "required": True, "aliases": ["app"]},
        "org": {"type": "str", "fallback": (env_fallback, ["FLY_ORG", "FLY_ORGANIZATION"])},
        "network": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "destroy_volumes": {"type": "bool", "default": False},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> App:
    wanted = WantedApp(params["name"], params["org"], params["network"], params["state"], params["destroy_volumes"])
    return App(connect(params, context), wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
