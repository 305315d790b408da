#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_retirement
short_description: Note that an app is retired
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - A retired app is one that is destroyed later. The note stands in the metadata of its machines, which needs no
    restart, and every run from any controller finds it there.
  - M(openclaw.fly.fly_preflight) and M(openclaw.fly.openclaw_preflight) refuse a retired app, so that no scheduled run
    brings it back.
  - This module neither stops machines nor releases addresses; the playbook C(teardown) does both.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  state:
    description: Whether the app is retired or in use.
    type: str
    choices: [retired, active]
    default: retired
  keep_days:
    description: Number of days for which a retired app is kept. An app that is retired already keeps its date.
    type: int
    default: 30
seealso:
  - module: openclaw.fly.fly_teardown_info
"""

EXAMPLES = r"""
- name: Note that an app is destroyed in thirty days
  openclaw.fly.fly_retirement:
    app: my-openclaw

- name: Take that back
  openclaw.fly.fly_retirement:
    app: my-openclaw
    state: active
"""

RETURN = r"""
retired:
  description: When the app was retired (C(at)) and until when it is kept (C(keep_until)); null if it is in use.
  returned: success
  type: dict
  sample: {at: "2026-11-27T10:00:00Z", keep_until: "2026-12-27T10:00:00Z"}
machines:
  description: IDs of the app's machines.
  returned: success
  type: list
  elements: str
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [note with machine 148e that the app is retired]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: there is no such app}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.retirement import AppRetirement, WantedRetirement

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["retired", "active"], "default": "retired"},
        "keep_days": {"type": "int", "default": 30},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> AppRetirement:
    wanted = WantedRetirement(params["app"], params["state"], params["keep_days"])
    return AppRetirement(connect(params, context), wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
