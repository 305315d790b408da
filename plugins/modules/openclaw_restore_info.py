#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_restore_info
short_description: Get what a restore of an encrypted backup brings back, and what would be lost
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Finds the backup and compares what it contains with what the gateway contains now.
    M(openclaw.fly.openclaw_restore) then restores it.
  - It needs no private key, and reads only the manifests of the backups.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.backup_store
  - openclaw.fly.api.reads
options:
  backup_id:
    description: ID of the backup. Defaults to the one of a restore that was cut off, else to the newest good one.
    type: str
  backup_of:
    description: The app that the backup is of. Defaults to O(app).
    type: str
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
seealso:
  - module: openclaw.fly.openclaw_restore
  - module: openclaw.fly.openclaw_backup_info
"""

EXAMPLES = r"""
- name: Read what a restore of the newest backup would lose
  openclaw.fly.openclaw_restore_info:
    app: my-openclaw
    folder: ~/openclaw-backups
  register: found
"""

RETURN = r"""
backup:
  description: The backup, with the fields that M(openclaw.fly.openclaw_backup) documents.
  returned: success
  type: dict
  sample: {id: 20261126T120000Z-1a2b3c4d, release: 2026.9.6, counts: {sessions: 12}}
age:
  description: How old the backup is, for people.
  returned: success
  type: str
  sample: 5 h 12 min
age_seconds:
  description: The same in seconds.
  returned: success
  type: int
  sample: 18720
present:
  description: What there is now (machine, volume, image, release, counts); with C(silence), why the gateway does not
    answer.
  returned: success
  type: dict
  sample: {machine: 3287abc, volume: vol_1a2b, release: 2026.9.6, counts: {sessions: 14}, silence: ""}
lost:
  description: What the gateway contains now and the backup does not, one line each.
  returned: success
  type: list
  elements: str
  sample: [2 of 14 sessions]
maintenance:
  description: Whether the machine is in maintenance.
  returned: success
  type: bool
under_way:
  description: Whether a restore was cut off and is to be finished.
  returned: success
  type: bool
restored:
  description: Whether the gateway's volume was filled from this backup already.
  returned: success
  type: bool
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: there is no backup that can be restored, where: /home/me/openclaw-backups}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.restore_plan import meant_backup, restore_plan
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._options.backup_store import STORE_OPTIONS, store

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        **STORE_OPTIONS,
        "backup_id": {"type": "str"},
        "backup_of": {"type": "str"},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    api, app, place = connect(params, context), params["app"], store(params, context)
    manifest = meant_backup(api, place, app, params["backup_of"], params["backup_id"])
    return restore_plan(api, app, manifest, params["owner"], context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
