#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_look
short_description: Look whether the next tasks of a play would change anything
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Asks the tasks of roles that come after it in the play's C(tasks) what they would change, in one task, and reads
    nothing twice. It fails where there is none. Each is asked with the variables, conditions and defaults that it has
    in the play, so the answer is that of a run in check mode.
  - A task waits for nothing. One that would have to wait, that fails, or that only a run shows (an included file,
    a module of another collection) counts as one with something to do.
  - It changes nothing of a gateway; tasks that prove something do so. What tasks would do and not count as a change
    (C(changed_when)), such as a file that a run leaves on the controller, is done if there is nothing else to do; not
    in check mode and not with O(whole=true).
  - It runs on the controller only. The options with which Fly.io is reached are those of the tasks that it asks.
extends_documentation_fragment:
  - openclaw.fly.api
options:
  whole:
    description: Whether to ask all tasks up to one that would fail, and to print what they would change. By default the
      first that would do something ends the look; if there is none, the summary of
      M(openclaw.fly.openclaw_summary) is printed.
    type: bool
    default: false
attributes:
  check_mode:
    description: The same in both modes.
    support: full
  diff_mode:
    description: Differences are in RV(steps).
    support: none
  idempotent:
    description: It changes nothing.
    support: full
seealso:
  - module: openclaw.fly.openclaw_preflight
"""

EXAMPLES = r"""
- name: Look whether there is anything to do
  openclaw.fly.openclaw_look:
  register: look

- name: End here where there is not
  ansible.builtin.meta: end_host
  when: look.idle

- name: Deploy the gateway
  ansible.builtin.import_role:
    name: openclaw.fly.openclaw_gateway
"""

RETURN = r"""
host:
  description: The host.
  returned: success
  type: str
idle:
  description: Whether none of the tasks would do anything.
  returned: success
  type: bool
steps:
  description: The tasks that would do something, in their order; without O(whole=true) the first of them.
  returned: success
  type: list
  elements: dict
  contains:
    task:
      description: The task's name.
      type: str
    module:
      description: Its module.
      type: str
    changes:
      description: What it would change, one line each.
      returned: when it would change something
      type: list
      elements: str
    diff:
      description: Before and after, where the play runs with C(--diff).
      returned: when it would change something
      type: raw
    error:
      description: Why it would fail.
      returned: when it would fail
      type: str
    why:
      description: Why it is not known what it would do.
      returned: when only a run shows it
      type: str
"""

from typing import Any

from ..module_utils._base.errors import CollectionError
from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, "whole": {"type": "bool", "default": False}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    raise CollectionError(
        "openclaw_look sees the tasks of a play on the controller only", todo="Use it without async and become"
    )


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
