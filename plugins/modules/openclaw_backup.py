#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_backup
short_description: Create an encrypted backup of a gateway outside Fly.io
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Has OpenClaw create and verify its own archive (C(openclaw backup create --verify)) in the gateway's machine, copies
    it in parts, encrypts each part with age before it is stored, and removes the archive from the machine.
  - The gateway runs meanwhile. The archive is created on the machine's root disk, never on its volume.
  - A copy that was interrupted is continued by a run that comes ten minutes or more after the last part, if the machine
    was not restarted meanwhile.
  - Old backups are removed by the rules in O(keep). The newest
    good backup is never removed.
  - Not in the archive are, among others, installed plugins, which the gateway installs again, and what the release
    reports to have left out (RV(backup.left_out)). Secrets of the app are not in it either.
attributes:
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: partial
    details: Every run creates a backup.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.backup_store
  - openclaw.fly.api.converges
requirements:
  - pyrage (Python library), where the task runs
options:
  process_group:
    description: The process group of the gateway's machine, if machines of several groups have a volume.
    type: str
  recipients:
    description:
      - Public keys to encrypt for, of age (C(age1...)) or SSH. Any one of their private keys restores the backup.
      - Keep the private keys elsewhere. Without one of them, no backup can be restored.
    type: list
    elements: str
    required: true
  keep:
    description:
      - How many backups to keep. If none is given, all backups are kept.
      - One that any of the rules keeps stays.
    type: dict
    suboptions:
      last:
        description: Number of newest backups.
        type: int
      daily:
        description: Number of days with a backup of which to keep the newest (UTC).
        type: int
      weekly:
        description: Number of weeks with a backup of which to keep the newest.
        type: int
      monthly:
        description: Number of months with a backup of which to keep the newest.
        type: int
  wait_timeout:
    description: Timeout in seconds for OpenClaw to create and verify the archive.
    type: float
    default: 900.0
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
seealso:
  - module: openclaw.fly.openclaw_backup_info
  - module: openclaw.fly.openclaw_volume_snapshot
"""

EXAMPLES = r"""
- name: Create a backup, and keep a week of them and a year of monthly ones
  openclaw.fly.openclaw_backup:
    app: my-openclaw
    folder: ~/openclaw-backups
    recipients: [age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq]
    keep: {daily: 7, monthly: 12}

- name: Create a backup in a bucket of Tigris
  openclaw.fly.openclaw_backup:
    app: my-openclaw
    folder: s3://my-backups/openclaw
    s3: {endpoint: "https://fly.storage.tigris.dev"}
    recipients: [age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq]
  environment:
    AWS_ACCESS_KEY_ID: "{{ tigris_access_key }}"
    AWS_SECRET_ACCESS_KEY: "{{ tigris_secret_key }}"
"""

RETURN = r"""
backup:
  description: The new backup; null in check mode.
  returned: success
  type: dict
  contains:
    id:
      description: ID of the backup, which begins with its time.
      type: str
    created_at:
      description: When the backup was begun.
      type: str
    release:
      description: The release of the gateway; null if the gateway did not answer.
      type: str
    archive_bytes:
      description: Size of the archive before it was encrypted.
      type: int
    sha256:
      description: SHA-256 of the archive before it was encrypted.
      type: str
    stored_bytes:
      description: Size of the encrypted parts.
      type: int
    parts:
      description: Number of parts.
      type: int
    counts:
      description: What the gateway contained right before; null if it did not answer.
      type: dict
    left_out:
      description: What is not in the archive, one line each.
      type: list
      elements: str
  sample: {id: 20261126T120000Z-1a2b3c4d, created_at: "2026-11-26T12:00:00Z", release: 2026.9.6, archive_bytes: 1640211,
    sha256: 1a2b3c4d, stored_bytes: 1640827, parts: 1, counts: {sessions: 12}, left_out: [/data/cache (regenerable)]}
place:
  description: Where the backups are kept.
  returned: success
  type: str
  sample: /home/me/openclaw-backups
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [create a backup of the gateway in /home/me/openclaw-backups]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: no archive can be made, why: its machine 148e is stopped}
"""

from typing import Any

from ..module_utils._archive.age import Recipients
from ..module_utils._archive.retention import RULES, Retention
from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._options.backup_store import STORE_OPTIONS, store
from ..module_utils._resources.gateway_backup import GatewayBackup, WantedBackup

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "process_group": {"type": "str"},
        **STORE_OPTIONS,
        "recipients": {"type": "list", "elements": "str", "required": True},
        "keep": {"type": "dict", "options": {name: {"type": "int"} for name in RULES}},
        "wait_timeout": {"type": "float", "default": 900.0},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> GatewayBackup:
    wanted = WantedBackup(
        app=params["app"],
        group=params["process_group"],
        owner=params["owner"],
        timeout=params["wait_timeout"],
        retention=Retention.of(params["keep"] or {}),
    )
    recipients = Recipients(params["recipients"])
    return GatewayBackup(connect(params, context), store(params, context), recipients, wanted, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
