#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_run_lock
short_description: Keep other runs from changing an app, or let them again
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - With O(state=released), releases the lock that this run holds on an app, if this module or tasks with
    O(openclaw.fly.fly_deploy#module:lock=run) took it. Otherwise it asks nothing and changes nothing.
  - With O(state=held), waits for another run to end and takes the lock, so that what is read afterwards stays true.
    Where no machine runs, there is no lock. In check mode none is taken.
  - Run it in the C(always) section of a block, so that a run that fails does not keep others waiting.
  - A lock that no run renews or releases expires after five minutes.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  state:
    description: Whether this run should hold the lock.
    type: str
    choices: [held, released]
    default: released
"""

EXAMPLES = r"""
- name: Keep other runs from changing the app
  openclaw.fly.fly_run_lock:
    app: my-openclaw
    state: held

- name: Let other runs change the app
  openclaw.fly.fly_run_lock:
    app: my-openclaw
"""

RETURN = r"""
released:
  description: Whether this run held the lock and released it.
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
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["held", "released"], "default": "released"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    lock = run_lock(connect(params, context), params["app"], {**params, "lock": "run"}, context)
    if params["state"] == "released":
        return {"changed": False, "released": lock.release()}
    if not context.check_mode:
        with lock():
            pass  # a run's lock stays until it is released
    return {"changed": False, "released": False}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
