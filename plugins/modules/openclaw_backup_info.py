#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_backup_info
short_description: Get information about the backups of a gateway
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Lists the backups that M(openclaw.fly.openclaw_backup) created, newest first, and states of each whether it can be
    restored. Asks Fly.io nothing, and needs no private key.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.backup_store
  - openclaw.fly.api.reads
options:
  verify:
    description:
      - Whether to read all parts of all backups and compare them with what was stored.
      - If V(false), only their names and sizes are compared.
    type: bool
    default: false
  warn_if_none:
    description: Whether to warn when there are no backups of the app, which may be misspelt.
    type: bool
    default: true
seealso:
  - module: openclaw.fly.openclaw_backup
"""

EXAMPLES = r"""
- name: List the backups
  openclaw.fly.openclaw_backup_info:
    app: my-openclaw
    folder: ~/openclaw-backups
  register: found

- name: List the backups in a bucket, and read each of them
  openclaw.fly.openclaw_backup_info:
    app: my-openclaw
    folder: s3://my-backups/openclaw
    s3: {endpoint: "https://fly.storage.tigris.dev"}
    verify: true

- name: Fail when the newest good backup is older than a day
  ansible.builtin.assert:
    that: (now(utc=true) - newest | to_datetime('%Y-%m-%dT%H:%M:%SZ')).total_seconds() < 86400
  vars:
    good: "{{ found.backups | selectattr('good') | map(attribute='created_at') }}"
    newest: "{{ good | first | default('1970-01-01T00:00:00Z') }}"
"""

RETURN = r"""
folder:
  description: Where the backups of the app are looked for.
  returned: success
  type: str
  sample: /home/me/openclaw-backups/my-openclaw
found:
  description: Whether there is anything of the app. If not, a warning names the apps that there are
    backups of.
  returned: success
  type: bool
backups:
  description: The backups, newest first, with the fields that M(openclaw.fly.openclaw_backup) documents and more.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the backup.
      type: str
    good:
      description: Whether all of it is there.
      type: bool
    problems:
      description: Why it cannot be restored, one line each.
      type: list
      elements: str
    created_at:
      description: When it was begun.
      type: str
    release:
      description: The release of the gateway that it is of.
      type: str
    counts:
      description: What the gateway contained; null if it did not answer.
      type: dict
  sample: [{id: 20261126T120000Z-1a2b3c4d, good: true, problems: [], release: 2026.9.6}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: there are no backups, where: /home/me/openclaw-backups}
"""

from typing import Any

from ..module_utils._archive.listing import listed, without_backups
from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._options.backup_store import STORE_OPTIONS, store

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        **STORE_OPTIONS,
        "verify": {"type": "bool", "default": False},
        "warn_if_none": {"type": "bool", "default": True},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    place = store(params, context)
    place.require()
    missing = without_backups(place, params["app"])
    return {
        "changed": False,
        "folder": f"{place.place}/{params['app']}",
        "found": not missing,
        "backups": listed(place, params["app"], verify=params["verify"]),
        "warnings": missing if params["warn_if_none"] else [],
    }


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
