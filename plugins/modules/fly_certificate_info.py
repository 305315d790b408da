#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_certificate_info
short_description: Get information about the certificates of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads the certificate of one host name, or those of all host names of an app.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  hostname:
    description: Only this host name, in more detail.
    type: str
"""

EXAMPLES = r"""
- name: Read when a certificate expires
  openclaw.fly.fly_certificate_info:
    app: my-openclaw
    hostname: claw.example.com
  register: found
"""

RETURN = r"""
certificates:
  description:
    - The certificates as the Machines API returns them, with the fields that M(openclaw.fly.fly_certificate)
      documents.
  returned: success
  type: list
  elements: dict
  sample: [{hostname: claw.example.com, configured: true, status: active}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, "app": {"type": "str", "required": True}, "hostname": {"type": "str"}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    api = connect(params, context)
    if not params["hostname"]:
        return {"changed": False, "certificates": api.certificates(params["app"])}
    found = api.certificate(params["app"], params["hostname"].lower())
    return {"changed": False, "certificates": [found] if found else []}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
