#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_drill
short_description: Show that a gateway's last backup can be restored
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Restores the gateway's last backup into a throw-away app of the same organization, starts the gateway there, and
    compares what it contains with what it contained at the backup. The task fails if the backup cannot be restored, or
    if the gateway does not start on it or misses something.
  - With O(source=snapshot) that is the snapshot that the machine's metadata name, with the image of that backup. With
    O(source=archive) it is the newest encrypted backup outside Fly.io, with the image that the gateway runs now, as
    M(openclaw.fly.openclaw_restore) would start it. It is decrypted part by part in memory.
  - The throw-away app has no services, no addresses and a separate private network; its secrets are random values under
    the names of the gateway's. Scheduled jobs, heartbeats and channels are off, so it cannot act on the world.
  - The app is removed at the end, after a failure too. The next drill of the same gateway removes what a killed one
    left; so run one drill of a gateway at a time.
  - Nothing of the gateway's app is changed. A token of the organization is needed, as apps are created.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.closed_copy
  - openclaw.fly.backup_store
requirements:
  - pyrage (Python library), where the task runs, for O(source=archive)
options:
  source:
    description: Which kind of backup is restored.
    type: str
    choices: [snapshot, archive]
    default: snapshot
  folder:
    description: Where the backups of all apps are kept, a folder on the controller or C(s3://BUCKET/PREFIX). Needed for
      O(source=archive).
    type: path
    required: false
  identity_file:
    description: File on the controller with a private key of age or SSH that the backup was encrypted for. Needed for
      O(source=archive).
    type: path
  backup_id:
    description: ID of the encrypted backup. Defaults to the newest; if that one is damaged, the task fails.
    type: str
attributes:
  check_mode:
    description: Only returns what would be restored, and the cost.
    support: full
seealso:
  - module: openclaw.fly.openclaw_volume_snapshot
  - module: openclaw.fly.openclaw_rehearsal
"""

EXAMPLES = r"""
- name: Drill
  openclaw.fly.openclaw_drill:
    app: my-openclaw
    definition: "{{ lookup('ansible.builtin.file', 'fly.toml') | openclaw.fly.from_toml }}"

- name: Drill with the newest encrypted backup
  openclaw.fly.openclaw_drill:
    app: my-openclaw
    definition: "{{ lookup('ansible.builtin.file', 'fly.toml') | openclaw.fly.from_toml }}"
    source: archive
    folder: ~/openclaw-backups
    identity_file: ~/openclaw-backup.key
"""

RETURN = r"""
copy_app:
  description: The throw-away app that was created and removed, or would be.
  returned: success
  type: str
  sample: openclaw-drill-1790000000-1a2b3c4d
snapshot:
  description: ID of the snapshot; null for an encrypted backup.
  returned: success
  type: str
backup:
  description: ID of the encrypted backup; null for a snapshot.
  returned: success
  type: str
image:
  description: The image that was started.
  returned: success
  type: str
cost:
  description: Upper bound of the cost in dollars, from the collection's price data; null for a region without a price.
  returned: success
  type: float
  sample: 0.0172
rpo_seconds:
  description: Age of the backup when the drill began, which is what would be lost; null if Fly.io does not report it.
  returned: success
  type: int
rto_seconds:
  description: Seconds from the start of the drill until the restored gateway was ready and its contents were compared.
  returned: when not in check mode
  type: float
seconds:
  description: How long the drill took with the removal.
  returned: when not in check mode
  type: float
release:
  description: The release that answered.
  returned: when not in check mode
  type: str
counts:
  description: What it contained, as M(openclaw.fly.openclaw_contents_info) returns it.
  returned: when not in check mode
  type: dict
expected:
  description: What the gateway contained at the backup; null if it was not counted then.
  returned: when not in check mode
  type: dict
ready:
  description: C(status) and C(body) of the readiness probe; null where the release has none.
  returned: when not in check mode
  type: dict
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
  sample: {kind: CollectionError, what: "the backup could not be restored: it ended (state stopped)"}
"""

from typing import Any

from ..module_utils._archive.opened import OpenedBackup, identities_of
from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.toml.definition import FlyToml
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._options.backup_store import OPTIONAL_STORE, store
from ..module_utils._options.closed_copy import COPY_OPTIONS, connections, wanted_copy
from ..module_utils._rehearsal.drill import Drill
from ..module_utils._rehearsal.drilled import ArchiveBackup, SnapshotBackup, mount_of

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        **COPY_OPTIONS,
        "source": {"type": "str", "choices": ["snapshot", "archive"], "default": "snapshot"},
        **OPTIONAL_STORE,
        "identity_file": {"type": "path"},
        "backup_id": {"type": "str"},
    },
    "required_if": [("source", "archive", ("folder", "identity_file"))],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    to, app = connections(params, context), params["app"]
    if params["source"] == "snapshot":
        return Drill(to, wanted_copy(params), SnapshotBackup(to.api, app)).run()
    place, keys = store(params, context), identities_of(params["identity_file"])
    backup = ArchiveBackup(
        to.api,
        app,
        mount_of(FlyToml.parse(params["definition"])),
        place,
        params["backup_id"],
        lambda manifest: OpenedBackup(place, manifest, keys),
    )
    return Drill(to, wanted_copy(params), backup).run()


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
