#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_upgrade_info
short_description: Get what an upgrade of a gateway would do, and what speaks against it
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Compares the release that runs with the one that is wanted. An older one, and one that failed with this gateway
    before, are problems.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  release:
    description: The release to upgrade to.
    type: str
    required: true
  image:
    description: Its image.
    type: str
    required: true
  retry_failed_release:
    description: Whether a release that failed with this gateway before is no problem.
    type: bool
    default: false
  config_path:
    description: Path of the gateway's config file in its machine, to report what the release renames or removes in it.
    type: str
  packages:
    description: The declared plugins, npm packages with their versions, to report those that have to move along.
    type: dict
    default: {}
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
seealso:
  - module: openclaw.fly.openclaw_release_state
"""

EXAMPLES = r"""
- name: Read what the upgrade does
  openclaw.fly.openclaw_upgrade_info:
    app: my-openclaw
    release: 2026.9.6
    image: ghcr.io/openclaw/openclaw:2026.9.6
"""

RETURN = r"""
machine:
  description: ID of the gateway's machine.
  returned: success
  type: str
instance:
  description: Version of the machine; another one after each update.
  returned: success
  type: str
volume:
  description: ID of its volume.
  returned: success
  type: str
running:
  description: The C(release), C(image) and C(counts) that run; C(silence) is why it does not answer.
  returned: success
  type: dict
target:
  description: The C(release) and C(image) that are wanted, the versions of Node that it needs, and whether it is
    C(known).
  returned: success
  type: dict
needed:
  description: Whether another image runs.
  returned: success
  type: bool
schema_moves:
  description: Whether the databases get a newer schema; null if unknown.
  returned: success
  type: bool
cut_off:
  description: What a run that was cut off left, V(deployed), V(rolling back) or V(rolled back); null if the upgrade
    begins anew.
  returned: success
  type: str
back:
  description: The C(snapshot), C(image) and C(counts) of the last backup; null without one.
  returned: success
  type: dict
notes:
  description: What to know before the upgrade, one line each. An image of another release than the one that is wanted,
    releases to go through first, keys and models of the config that the release renames or removes, channels and
    plugins that have to move with it, and the outage to expect.
  returned: success
  type: list
  elements: str
problems:
  description: What speaks against the upgrade, one line each.
  returned: success
  type: list
  elements: str
text:
  description: The same for people, in one line.
  returned: success
  type: str
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: no machine has a volume}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.upgrade_plan import AskedUpgrade, upgrade_plan
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "release": {"type": "str", "required": True},
        "image": {"type": "str", "required": True},
        "retry_failed_release": {"type": "bool", "default": False},
        "config_path": {"type": "str"},
        "packages": {"type": "dict", "default": {}},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    asked = AskedUpgrade(
        app=params["app"],
        release=params["release"],
        image=params["image"],
        retry_failed=params["retry_failed_release"],
        owner=params["owner"],
        config_path=params["config_path"],
        packages=params["packages"],
    )
    return upgrade_plan(connect(params, context), asked, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
