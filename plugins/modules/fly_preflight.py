#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_preflight
short_description: Validate an app's declaration before anything is changed
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Checks an app's declaration as a whole - variables, token, region, sizes, names, secrets, exposure - and lists
    every problem in one message.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
  - openclaw.fly.preflight
  - openclaw.fly.preflight.variables
"""

EXAMPLES = r"""
- name: Validate the app's declaration
  openclaw.fly.fly_preflight:
    app: my-app
    region: iad
    vm_size: shared-cpu-1x
"""

RETURN = r"""
problems:
  description: What is wrong, each with C(path), C(message), C(suggestion) and C(rule); empty when all is well.
  returned: always
  type: list
  elements: dict
token:
  description: The scope of the API token, as far as Fly.io returns it.
  returned: success
  type: dict
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._preflight.judges import judge
from ..module_utils._preflight.options import APP_OPTIONS, declared

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, **APP_OPTIONS},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return judge(declared(params, connect(params, context), context.secret))


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
