#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_device
short_description: Let a device into a gateway, or see who waits
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - A browser that logs in with the token for the first time asks to be approved. This approves exactly one request, by
    its id, or removes a paired device.
  - It asks OpenClaw's own command line in the machine, which counts as local there.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.converges
options:
  app:
    description: The app's name.
    type: str
    required: true
  state:
    description:
      - V(listed) only reads; V(approved) approves O(request_id); V(absent) removes O(device_id).
    type: str
    choices: [listed, approved, absent]
    default: listed
  request_id:
    description: The request to approve, exactly.
    type: str
  device_id:
    description: The device to remove; with O(state=approved), the device that the request must be of.
    type: str
  owner:
    description: Numeric user and group that the command runs as; the image's user.
    type: str
    default: "1000:1000"
  wait_timeout:
    description: With O(state=listed), seconds to wait for somebody to ask.
    type: float
    default: 0.0
"""

EXAMPLES = r"""
- name: Who waits
  openclaw.fly.openclaw_device:
    app: my-openclaw
  register: devices

- name: Let this browser in
  openclaw.fly.openclaw_device:
    app: my-openclaw
    state: approved
    request_id: 4b6e0c1e-8f0b-4a57-9d46-5a6c8d8c6f11
"""

RETURN = r"""
pending:
  description: Devices that wait, each with C(request_id), C(device_id), C(display_name), C(remote_ip) and more.
  returned: success
  type: list
  elements: dict
pending_lines:
  description: The same, a line each, to be shown.
  returned: success
  type: list
  elements: str
paired:
  description: Devices that were approved.
  returned: success
  type: list
  elements: dict
changes:
  description: What was done, or in check mode would be, a line each.
  returned: success
  type: list
  elements: str
  sample: [approve 4b6e0c1e]
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils.api_options import API_OPTIONS, connect
from ..module_utils.converge.context import Context
from ..module_utils.converge.module import run_module
from ..module_utils.resources.devices import Devices

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["listed", "approved", "absent"], "default": "listed"},
        "request_id": {"type": "str"},
        "device_id": {"type": "str"},
        "owner": {"type": "str", "default": "1000:1000"},
        "wait_timeout": {"type": "float", "default": 0.0},
    },
    "required_if": [("state", "approved", ["request_id"]), ("state", "absent", ["device_id"])],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Devices:
    return Devices(
        connect(params, context),
        context,
        params["app"],
        state=params["state"],
        request_id=params["request_id"],
        device_id=params["device_id"],
        owner=params["owner"],
        patience=params["wait_timeout"],
    )


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
