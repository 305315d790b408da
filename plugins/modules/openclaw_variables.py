#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_variables
short_description: Validate the variables of this collection's roles
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Fails when a variable in the host's scope looks like one of this collection's roles and no role knows it. It lists
    all of them in one message, each with the nearest name.
  - M(openclaw.fly.fly_preflight) and M(openclaw.fly.openclaw_preflight) do the same among other things; this is for
    plays that use a part of a role.
  - It sends no request.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
  - openclaw.fly.preflight.variables
options:
  app:
    description: The app's name, with which a message begins.
    type: str
"""

EXAMPLES = r"""
- name: Validate the variables
  openclaw.fly.openclaw_variables:
"""

RETURN = r"""
problems:
  description: What is wrong, each with C(path), C(message), C(suggestion) and C(rule); empty when all is well.
  returned: always
  type: list
  elements: dict
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: ConfigRefused, what: 2 problems in the declared variables, where: app my-openclaw}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._preflight.judges import judge_variables
from ..module_utils._preflight.options import VARIABLE_OPTIONS, declared_variables

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, **VARIABLE_OPTIONS, "app": {"type": "str"}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return judge_variables(declared_variables(params), params["app"])


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
