#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_logs_info
short_description: Read the recent log lines of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads what Fly.io still has of an app's log, and chooses from it.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  machine:
    description: Only lines of this machine, by id.
    type: str
  region:
    description: Only lines from this region.
    type: str
  pattern:
    description: A regular expression that is searched in the message.
    type: str
  level:
    description: Only lines of this level.
    type: str
  since:
    description: Only lines since this time (C(2026-09-20T10:00:00Z)) or so long ago (C(10m)).
    type: str
  limit:
    description: At most so many lines, the last ones; 0 for all.
    type: int
    default: 100
"""

EXAMPLES = r"""
- name: What went wrong within the hour
  openclaw.fly.fly_logs_info:
    app: my-openclaw
    level: error
    since: 1h
  register: log
"""

RETURN = r"""
lines:
  description: The lines, oldest first.
  returned: success
  type: list
  elements: dict
  sample: [{timestamp: "2026-09-20T10:00:00.123Z", level: error, instance: 3287abc, region: iad, message: no room}]
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.client.log_filter import choose
from ..module_utils._options.api import API_OPTIONS, connect_platform

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "machine": {"type": "str"},
        "region": {"type": "str"},
        "pattern": {"type": "str"},
        "level": {"type": "str"},
        "since": {"type": "str"},
        "limit": {"type": "int", "default": 100},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    lines = connect_platform(params, context).all_logs(params["app"], params["machine"], params["region"])
    chosen = {key: params[key] for key in ("pattern", "level", "since", "limit")}
    return {"changed": False, "lines": choose(lines, **chosen)}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
