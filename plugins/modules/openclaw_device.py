#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_device
short_description: Approve, list and manage a gateway's client devices
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - A browser that logs in with the token for the first time needs an approval. Approves exactly one request, by its
    ID, or those that a policy allows; labels and removes paired devices, and revokes or rotates their tokens.
  - Connects to the gateway in its machine, where it counts as local.
attributes:
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: partial
    details: >-
      With O(state=revoked) or O(state=rotated), every run does it again. A request that was approved is no longer
      pending, so approving it again fails unless O(device_id) names its device.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  state:
    description:
      - V(listed) only reads; V(approved) approves O(request_id), or everything that O(policy) allows.
      - For O(device_id), V(absent) removes it, V(labelled) gives it O(label), V(revoked) makes its own token invalid
        and V(rotated) replaces it. The last two are done in every run.
    type: str
    choices: [listed, approved, absent, labelled, revoked, rotated]
    default: listed
  request_id:
    description: ID of the request to approve.
    type: str
  device_id:
    description: The device to remove; with O(state=approved), the device that the request must be of.
    type: str
  label:
    description: Name to show in place of the one that the device gives itself.
    type: str
  policy:
    description:
      - Which pending devices to approve. Every condition that is given must hold.
      - At least one of networks, clients and platforms is required.
    type: dict
    suboptions:
      networks:
        description: Address ranges that the request must come from, such as V(203.0.113.0/24).
        type: list
        elements: str
      client_ids:
        description: Kinds of clients, such as C(openclaw-control-ui).
        type: list
        elements: str
      platforms:
        description: Platforms as the device calls them.
        type: list
        elements: str
      roles:
        description: Roles to approve; only C(operator) by default.
        type: list
        elements: str
      scopes:
        description: Scopes to approve; a request for any other is left pending.
        type: list
        elements: str
      repairs:
        description: Whether to approve devices that come back with a new key, or ask for more than they have.
        type: bool
        default: false
  owner:
    description: Numeric user and group to run the command as; defaults to the image's user.
    type: str
    default: "1000:1000"
  wait_timeout:
    description: With O(state=listed), seconds to wait for a request.
    type: float
    default: 0.0
"""

EXAMPLES = r"""
- name: List devices
  openclaw.fly.openclaw_device:
    app: my-openclaw
  register: devices

- name: Approve this browser
  openclaw.fly.openclaw_device:
    app: my-openclaw
    state: approved
    request_id: 4b6e0c1e-8f0b-4a57-9d46-5a6c8d8c6f11

- name: Approve browsers in the office
  openclaw.fly.openclaw_device:
    app: my-openclaw
    state: approved
    policy:
      networks: [203.0.113.0/24]
      client_ids: [openclaw-control-ui]
"""

RETURN = r"""
pending:
  description: Devices whose approval is pending.
  returned: success
  type: list
  elements: dict
  contains:
    request_id:
      description: The request's ID, as O(request_id) takes it.
      type: str
    device_id:
      description: The device's ID.
      type: str
    client_id:
      description: The kind of client, such as V(openclaw-control-ui).
      type: str
    client_mode:
      description: The client's mode, such as V(ui).
      type: str
    display_name:
      description: The name that the device gives itself.
      type: str
    platform:
      description: The device's platform.
      type: str
    role:
      description: The role that it asks for.
      type: str
    scopes:
      description: The scopes that it asks for.
      type: list
      elements: str
    remote_ip:
      description: The address that the request came from.
      type: str
    created_at:
      description: Time of the request, in milliseconds since 1970.
      type: int
    is_repair:
      description: Whether the device was paired before and asks for more, or with a new key.
      type: bool
pending_lines:
  description: One line for each of them, to show to a person.
  returned: success
  type: list
  elements: str
paired:
  description: Approved devices.
  returned: success
  type: list
  elements: dict
  contains:
    device_id:
      description: The device's ID.
      type: str
    client_id:
      description: The kind of client.
      type: str
    client_mode:
      description: The client's mode.
      type: str
    display_name:
      description: The name that the device gives itself.
      type: str
    label:
      description: The label that it was given.
      type: str
    role:
      description: Its role.
      type: str
    scopes:
      description: Its scopes.
      type: list
      elements: str
    remote_ip:
      description: The address that it was last seen from.
      type: str
    approved_via:
      description: How it was approved, such as V(owner), V(silent) or V(bootstrap).
      type: str
    approved_at:
      description: Time of the approval, in milliseconds since 1970.
      type: int
    last_seen_at:
      description: When it was last seen, in milliseconds since 1970.
      type: int
    connected:
      description: Whether it is connected.
      type: bool
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [approve 4b6e0c1e]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._openclaw.devices import Policy
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.devices import Devices, WantedDevices

STATES = ["listed", "approved", "absent", "labelled", "revoked", "rotated"]
POLICY: dict[str, Any] = {
    **{
        name: {"type": "list", "elements": "str"} for name in ("networks", "client_ids", "platforms", "roles", "scopes")
    },
    "repairs": {"type": "bool", "default": False},
}
SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "state": {"type": "str", "choices": STATES, "default": "listed"},
        "request_id": {"type": "str"},
        "device_id": {"type": "str"},
        "label": {"type": "str"},
        "policy": {"type": "dict", "options": POLICY},
        "owner": {"type": "str", "default": "1000:1000"},
        "wait_timeout": {"type": "float", "default": 0.0},
    },
    "required_if": [
        ("state", "approved", ["request_id", "policy"], True),
        ("state", "labelled", ["device_id", "label"]),
        *[("state", state, ["device_id"]) for state in ("absent", "revoked", "rotated")],
    ],
    "mutually_exclusive": [("request_id", "policy")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Devices:
    wanted = WantedDevices(
        params["app"],
        params["state"],
        params["request_id"],
        params["device_id"],
        params["label"],
        Policy.parse(params["policy"]) if params["policy"] else None,
        params["owner"],
        params["wait_timeout"],
    )
    return Devices(connect(params, context), context, wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
