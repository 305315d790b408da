#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_certificate
short_description: Declare a certificate for a host name of one's own
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Requests it from Fly.io, which gets it by ACME, or brings one of one's own.
  - Tells the DNS records to set, and with O(wait_timeout) waits until the name serves.
  - Fly.io does not tell a certificate's fingerprint, so one of one's own is replaced when its end differs.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  hostname:
    description: The host name, such as C(claw.example.com) or C(*.example.com).
    type: str
    required: true
  fullchain:
    description: PEM text of a certificate of one's own and its intermediates, the leaf first.
    type: str
  private_key:
    description: PEM text of its private key.
    type: str
  wait_timeout:
    description: Seconds to wait until the name serves; with 0 the task ends at once and says what to set.
    type: float
    default: 0.0
  state:
    description: Whether the host name is to have a certificate.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Ask for it, and learn what to set
  openclaw.fly.fly_certificate:
    app: my-openclaw
    hostname: claw.example.com
  register: certificate

- name: Set each record where the zone is kept
  ansible.builtin.debug:
    msg: "{{ item.type }} {{ item.name }} {{ item.value }}"
  loop: "{{ certificate.dns_records }}"

- name: Wait until it serves
  openclaw.fly.fly_certificate:
    app: my-openclaw
    hostname: claw.example.com
    wait_timeout: 600
"""

RETURN = r"""
certificate:
  description: The certificate as the Machines API gives it; null when there is none.
  returned: success
  type: dict
  sample: {hostname: claw.example.com, configured: false, acme_requested: true}
configured:
  description: Whether the name serves with it.
  returned: success
  type: bool
dns_records:
  description: The records to set, most needed first.
  returned: success
  type: list
  elements: dict
  sample: [{type: A, name: claw.example.com, value: 66.241.124.1, purpose: reach the app}]
msg:
  description: What is still to be set.
  returned: when it does not serve yet
  type: str
changes:
  description: What was done, or in check mode would be, a line each.
  returned: success
  type: list
  elements: str
  sample: [request it]
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.certificate import Certificate

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "hostname": {"type": "str", "required": True},
        "fullchain": {"type": "str"},
        "private_key": {"type": "str", "no_log": True},
        "wait_timeout": {"type": "float", "default": 0.0},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    "required_together": [("fullchain", "private_key")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Certificate:
    return Certificate(
        connect(params, context),
        params["app"],
        params["hostname"],
        fullchain=params["fullchain"],
        private_key=context.secret(params["private_key"] or ""),
        state=params["state"],
        wait=params["wait_timeout"],
    )


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
