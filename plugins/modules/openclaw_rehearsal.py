#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_rehearsal
short_description: Start a release of OpenClaw on a copy of a gateway's data
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Copies the gateway's volume into a throw-away app of the same organization, starts the release there, and compares
    what it contains with what the gateway contains. The task fails if the release does not start, does not get ready,
    refuses the database or misses something.
  - The throw-away app has no services, no addresses and a separate private network; its secrets are random values
    under the names of the gateway's. Scheduled jobs, heartbeats and channels are off, so it cannot act on the world.
  - The app is removed at the end, after a failure too. Its name holds a time after which any later run with this
    module removes what a killed run left; the next run for the same gateway removes it at once.
  - Nothing of the gateway's app is changed. A token of the organization is needed, as apps are created.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.closed_copy
options:
  release:
    description: The release to start.
    type: str
    required: true
  image:
    description: Its image.
    type: str
    required: true
  expected:
    description: What the gateway contains, as M(openclaw.fly.openclaw_contents_info) returns it in C(counts).
    type: dict
  snapshot_id:
    description: ID of a snapshot to copy. If omitted, the volume is copied as it is now.
    type: str
attributes:
  check_mode:
    description: Only returns what a rehearsal costs.
    support: full
seealso:
  - module: openclaw.fly.openclaw_upgrade_info
  - module: openclaw.fly.openclaw_contents_info
"""

EXAMPLES = r"""
- name: Rehearse the upgrade
  openclaw.fly.openclaw_rehearsal:
    app: my-openclaw
    release: 2026.9.6
    image: ghcr.io/openclaw/openclaw:2026.9.6
    definition: "{{ lookup('ansible.builtin.file', 'fly.toml') | openclaw.fly.from_toml }}"
"""

RETURN = r"""
copy_app:
  description: The throw-away app that was created and removed, or would be.
  returned: success
  type: str
  sample: openclaw-rehearsal-1790000000-1a2b3c4d
cost:
  description: Upper bound of the cost in dollars, from the collection's price data; null for a region without a price.
  returned: success
  type: float
  sample: 0.0172
seconds:
  description: How long it took.
  returned: success
  type: float
release:
  description: The release that answered.
  returned: when not in check mode
  type: str
counts:
  description: What it contained, as M(openclaw.fly.openclaw_contents_info) returns it.
  returned: when not in check mode
  type: dict
config_problems:
  description: What the release finds in the config before it migrates it; null where it has no such command.
  returned: when not in check mode
  type: list
  elements: str
database:
  description: The release's verdict about the database before it started, with C(status), C(found), C(target) and
    C(reason); null where there is no database, or the release has no such command.
  returned: when not in check mode
  type: dict
ready:
  description: C(status) and C(body) of the readiness probe; null where the release has none.
  returned: when not in check mode
  type: dict
findings:
  description: What the release's C(doctor) finds, each with C(check), C(severity) and C(message), errors first; null
    where it does not answer.
  returned: when not in check mode
  type: list
  elements: dict
removed:
  description: Apps of earlier runs that were removed.
  returned: when not in check mode
  type: list
  elements: str
text:
  description: The result for people, in one line.
  returned: success
  type: str
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: "the rehearsal of 2026.9.6 failed: it ended (state stopped)"}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._options.closed_copy import COPY_OPTIONS, connections, wanted_copy
from ..module_utils._rehearsal.rehearsal import Rehearsal, WantedRehearsal

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        **COPY_OPTIONS,
        "release": {"type": "str", "required": True},
        "image": {"type": "str", "required": True},
        "expected": {"type": "dict"},
        "snapshot_id": {"type": "str"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    wanted = WantedRehearsal(
        copy=wanted_copy(params),
        release=params["release"],
        image=params["image"],
        expected=params["expected"] or {},
        snapshot=params["snapshot_id"],
    )
    return Rehearsal(connections(params, context), wanted).run()


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
