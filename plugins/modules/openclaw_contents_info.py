#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_contents_info
short_description: Count what a gateway contains, and compare it with before
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Asks the gateway in its machine how many sessions it has, and which cron jobs, devices, agents and channels.
  - A gateway can be healthy and empty, for example an old release on the state of a newer one. With O(expected), the
    task fails if something is missing.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  expected:
    description: The RV(counts) of an earlier time. More than these is right, since a release may add cron jobs.
    type: dict
  wait_timeout:
    description: Seconds to wait until the gateway answers.
    type: float
    default: 60.0
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
seealso:
  - module: openclaw.fly.openclaw_volume_snapshot
"""

EXAMPLES = r"""
- name: Verify that nothing is missing since the backup
  openclaw.fly.openclaw_contents_info:
    app: my-openclaw
    expected: "{{ backup.counts }}"
"""

RETURN = r"""
release:
  description: The release that answers.
  returned: success
  type: str
  sample: 2026.9.6
counts:
  description: As M(openclaw.fly.openclaw_volume_snapshot) returns it.
  returned: success
  type: dict
  sample: {sessions: 12, cron_jobs: 1, cron_job_ids: [daily], devices: [], agents: [main], channels: []}
missing:
  description: What is missing of O(expected); always empty, since the task fails otherwise.
  returned: success
  type: list
  elements: str
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: the gateway does not contain what it did, missing: [2 of 12 sessions]}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.contents import proved_contents
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "expected": {"type": "dict"},
        "wait_timeout": {"type": "float", "default": 60.0},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    api, timeout = connect(params, context), params["wait_timeout"]
    return proved_contents(api, params["app"], params["owner"], timeout, params["expected"], context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
