#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_certificate
short_description: Manage the certificate of a custom host name
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Requests a certificate from Fly.io, which issues it by ACME, or uploads a custom one.
  - Returns the DNS records to set, and with O(wait_timeout) waits until the certificate is active.
  - Fly.io does not return a certificate's fingerprint, so a custom certificate is replaced when its expiry date
    differs.
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
    description: PEM text of a custom certificate and its intermediates, the leaf first.
    type: str
  private_key:
    description: PEM text of the custom certificate's private key.
    type: str
  wait_timeout:
    description:
      - Seconds to wait until the certificate is active; with 0 the task does not wait and returns what to set in DNS.
    type: float
    default: 0.0
  state:
    description: Whether the host name should have a certificate.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Request a certificate and read the DNS records to set
  openclaw.fly.fly_certificate:
    app: my-openclaw
    hostname: claw.example.com
  register: certificate

- name: Show each record, to be set at the zone's DNS provider
  ansible.builtin.debug:
    msg: "{{ item.type }} {{ item.name }} {{ item.value }}"
  loop: "{{ certificate.dns_records }}"

- name: Wait until the certificate is active
  openclaw.fly.fly_certificate:
    app: my-openclaw
    hostname: claw.example.com
    wait_timeout: 600
"""

RETURN = r"""
certificate:
  description: The certificate as the Machines API returns it; null if it does not exist.
  returned: success
  type: dict
  contains:
    hostname:
      description: The host name.
      type: str
    configured:
      description: Whether DNS leads to the app and a certificate is active.
      type: bool
    acme_requested:
      description: Whether Fly.io requests the certificate by ACME.
      type: bool
    status:
      description: The certificate's status, such as V(active) or V(pending_validation).
      type: str
    certificates:
      description: The issued certificates, each with its C(issuer) and C(expires_at).
      type: list
      elements: dict
  sample: {hostname: claw.example.com, configured: false, acme_requested: true}
configured:
  description: Whether the certificate is active.
  returned: success
  type: bool
dns_records:
  description: The DNS records to set, the most important first.
  returned: success
  type: list
  elements: dict
  contains:
    type:
      description: The record's type, such as V(A), V(AAAA) or V(CNAME).
      type: str
    name:
      description: The record's name.
      type: str
    value:
      description: The record's value.
      type: str
    purpose:
      description: What the record is for.
      type: str
  sample: [{type: A, name: claw.example.com, value: 66.241.124.1, purpose: reach the app}]
msg:
  description: The DNS records that are still missing.
  returned: when the certificate is not active yet
  type: str
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [request the certificate]
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
from ..module_utils._resources.certificate import Certificate, WantedCertificate

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
    wanted = WantedCertificate(
        app=params["app"],
        hostname=params["hostname"],
        fullchain=params["fullchain"],
        private_key=context.secret(params["private_key"] or ""),
        state=params["state"],
        wait=params["wait_timeout"],
    )
    return Certificate(connect(params, context), wanted, context.progress)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
