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
  - Reads the log lines of an app that Fly.io still keeps, and filters them.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  machine:
    description: Return only lines of the machine with this ID.
    type: str
  region:
    description: Return only lines from this region.
    type: str
  pattern:
    description: Return only lines whose message matches this regular expression.
    type: str
  level:
    description: Return only lines of this level.
    type: str
  since:
    description:
      - Return only lines since this time, such as C(2026-09-20T10:00:00Z), or since this long ago, such as C(10m).
    type: str
  limit:
    description: Maximum number of lines, the most recent ones; 0 returns all.
    type: int
    default: 100
"""

EXAMPLES = r"""
- name: Read the errors of the last hour
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
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
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
