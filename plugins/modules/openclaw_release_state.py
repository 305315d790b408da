#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_release_state
short_description: Note with a gateway's machine how far an upgrade came
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Writes the machine's metadata, which needs no restart, so that later runs from any controller know it. A release
    that failed is refused by M(openclaw.fly.openclaw_preflight) and the playbook C(upgrade).
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  release:
    description: The release of the upgrade.
    type: str
    required: true
  state:
    description:
      - V(begun) notes that the upgrade is under way.
      - V(ended) removes that note.
      - V(failed) removes it and notes the release as one that failed. V(begun) and V(ended) remove that again.
    type: str
    choices: [begun, ended, failed]
    required: true
  snapshot_id:
    description: ID of the snapshot to go back to. Used with O(state=begun).
    type: str
    default: ""
  reason:
    description: Why the release failed. Used with O(state=failed).
    type: str
    default: ""
seealso:
  - module: openclaw.fly.openclaw_upgrade_info
"""

EXAMPLES = r"""
- name: Allow a release again that failed before
  openclaw.fly.openclaw_release_state:
    app: my-openclaw
    release: 2026.9.6
    state: ended
"""

RETURN = r"""
failed_releases:
  description: When and why each release failed, by release.
  returned: success
  type: dict
  sample: {2026.9.6: "2026-11-26T10:00:00Z: the gateway does not contain what it did"}
upgrading:
  description: The C(release) and C(snapshot) of the upgrade that is under way; null without one.
  returned: success
  type: dict
  sample: {release: 2026.9.6, snapshot: vs_9k3m}
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [note the upgrade that is under way]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: no machine has a volume}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.release_state import ReleaseState, WantedReleaseState

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "release": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["begun", "ended", "failed"], "required": True},
        "snapshot_id": {"type": "str", "default": ""},
        "reason": {"type": "str", "default": ""},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> ReleaseState:
    wanted = WantedReleaseState(
        app=params["app"],
        release=params["release"],
        state=params["state"],
        snapshot=params["snapshot_id"],
        reason=params["reason"],
    )
    return ReleaseState(connect(params, context), wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
