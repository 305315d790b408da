#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_run_lock
short_description: Let other runs change an app again
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Releases the lock that this run holds on an app, if tasks with O(openclaw.fly.fly_deploy#module:lock=run) took it.
    Otherwise it asks nothing and changes nothing.
  - Run it in the C(always) section of a block, so that a run that fails does not keep others waiting.
  - A lock that no run renews or releases expires after five minutes.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options: {}
"""

EXAMPLES = r"""
- name: Let other runs change the app
  openclaw.fly.fly_run_lock:
    app: my-openclaw
"""

RETURN = r"""
released:
  description: Whether this run held the lock.
  returned: success
  type: bool
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect, run_lock

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, "app": {"type": "str", "required": True}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    lock = run_lock(connect(params, context), params["app"], {**params, "lock": "run"}, context)
    return {"changed": False, "released": lock.release()}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
