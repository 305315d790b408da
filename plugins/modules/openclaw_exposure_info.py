#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_exposure_info
short_description: Prove who can reach a gateway
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Makes up to twelve checks from where Ansible runs. Each returns what it proves, how, its evidence and its findings.
    Every machine of the app counts, whatever created it.
  - A finding fails the task, unless it is waived by id with a reason and a date until which that holds. What cannot be
    proved is a finding; what does not apply, or cannot be seen from here, is skipped with the reason.
  - Contacts only addresses that Fly.io's API lists for the app, this machine, and the tunnels that the task names. A
    name that leads elsewhere is a finding, and is not contacted.
  - Leaves nothing behind on the gateway. A run makes two failed logins, which count against this controller's address.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  exposure:
    description: Who may reach the gateway.
    type: str
    choices: [public, private, sealed]
    default: public
  addresses:
    description: Number of addresses of each type that the app should have.
    type: dict
    default: {}
    suboptions:
      shared_v4:
        description: Shared IPv4 addresses.
        type: int
      v4:
        description: Dedicated IPv4 addresses.
        type: int
      v6:
        description: Public IPv6 addresses.
        type: int
      private_v6:
        description: Flycast addresses.
        type: int
  hostnames:
    description: The gateway's names; without them C(APP.fly.dev). A gateway that is not public must not answer to them.
    type: list
    elements: str
    default: []
  private_url:
    description:
      - Where a private gateway is reached from here, such as C(http://APP.flycast) over WireGuard, or
        C(http://localhost:3000) while C(fly proxy 3000:80 APP.flycast) runs. Without it the checks that talk to the
        gateway are skipped.
    type: str
  private_connect_to:
    description:
      - C(HOST:PORT) to connect to in place of what the name in O(private_url) resolves to, such as C(localhost:3000)
        while C(fly proxy) runs and O(private_url) is C(http://APP.flycast).
    type: str
  token:
    description: The gateway's token. Without it, whether it is accepted is not checked.
    type: str
  previous_token:
    description: The token before the last rotation, which must be refused.
    type: str
  release:
    description: The OpenClaw release that runs.
    type: str
    default: 2026.9.6
  checks:
    description: The checks to make. An empty list only returns RV(exposure).
    type: list
    elements: str
    choices: [addresses, name, ports, tls, health, login, origin, http_api, forwarding, brute_force, tunnels, audit]
    default: [addresses, name, ports, tls, health, login, origin, http_api, forwarding, brute_force, tunnels, audit]
  waivers:
    description: Findings that do not fail the task until a date.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: A check, or one finding of it, such as C(audit:gateway.token_too_short).
        type: str
        required: true
      reason:
        description: The reason.
        type: str
        required: true
      expires:
        description: The last day on which that holds, C(YYYY-MM-DD). After it the finding fails the task again.
        type: str
        required: true
  webhook_paths:
    description: Paths of channels' and plugins' webhooks, which must demand a signature.
    type: list
    elements: str
    default: []
  tunnels:
    description: Tunnels that lead to the gateway.
    type: list
    elements: dict
    default: []
    suboptions:
      url:
        description: The tunnel's base URL.
        type: str
        required: true
      paths:
        description: The only paths that it is allowed to forward; C(/a/*) is one segment below C(/a), C(/) everything.
        type: list
        elements: str
        default: []
  brute_force:
    description: Whether to guess tokens, up to 30. The gateway then locks out O(brute_force_from) for a while.
    type: bool
    default: false
  brute_force_from:
    description: Another address of this controller to guess from, so that the operator's own is not locked out.
    type: str
  http_port:
    description: The edge's port for http; the emulator has another.
    type: int
    default: 80
  https_port:
    description: The edge's port for https; the emulator has another.
    type: int
    default: 443
  connect_to:
    description: One address that stands for all of the app's, such as the emulator's edge.
    type: str
  tls_ca_file:
    description: PEM file with the certificate authority of the edge, if it is a private one.
    type: path
  port:
    description: The gateway's port in the machine.
    type: int
    default: 3000
  state_dir:
    description: The gateway's state directory in the machine.
    type: str
    default: /data
  owner:
    description: Numeric user and group of the gateway, which must own its files.
    type: str
    default: "1000:1000"
  measure_outage:
    description: Whether to return how long the last restart took; reads the log.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for DNS, certificates and released addresses after a change, and with O(measure_outage) for the
        gateway to be ready. Findings that cannot pass by themselves are not waited for.
    type: float
    default: 0.0
"""

EXAMPLES = r"""
- name: Prove that nobody outside reaches this gateway
  openclaw.fly.openclaw_exposure_info:
    app: my-openclaw
    exposure: private
    addresses: {private_v6: 1}
    checks: [addresses, name, ports]

- name: Make all checks of a private gateway, while fly proxy 3000:80 my-openclaw.flycast runs
  openclaw.fly.openclaw_exposure_info:
    app: my-openclaw
    exposure: private
    addresses: {private_v6: 1}
    private_url: http://my-openclaw.flycast
    private_connect_to: localhost:3000
    token: "{{ vault_gateway_token }}"

- name: Make all checks, with a short token waived until the end of the year
  openclaw.fly.openclaw_exposure_info:
    app: my-openclaw
    addresses: {shared_v4: 1, v6: 1}
    token: "{{ vault_gateway_token }}"
    waivers:
      - id: audit:gateway.token_too_short
        reason: The old clients cannot take a longer one
        expires: "2026-12-31"
"""

RETURN = r"""
checks:
  description: The checks that were made, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The check.
      type: str
      sample: ports
    status:
      description: V(pass), V(fail), V(waived) or V(skip).
      type: str
      sample: pass
    proves:
      description: What a pass proves.
      type: str
      sample: No port is open on any public address but 80 and 443 of a public gateway
    how:
      description: How it was checked.
      type: str
      sample: Opens TCP connections to the ports 80, 443, 3000 and 18789 of each listed address
    evidence:
      description: What was seen.
      type: list
      elements: str
      sample: ["137.66.1.2:443 open", "137.66.1.2:3000 closed"]
    findings:
      description: What is wrong, each with C(id), which a waiver names, C(what) and C(fix).
      type: list
      elements: dict
    waived:
      description: Findings that a waiver covers, with its reason and date.
      type: list
      elements: str
    reason:
      description: Why it was skipped.
      type: str
exposure:
  description: The app's exposure at present, whatever was declared; null if nothing was deployed yet.
  returned: always
  type: str
  sample: private
outage:
  description: The last restart; null without O(measure_outage), and if Fly.io does not know it any more or the token is
    not allowed to read logs.
  returned: always
  type: dict
  contains:
    unreachable:
      description: Seconds from the end of the process until its health check passed.
      type: float
      sample: 18.2
    boot:
      description: Seconds of the gateway's own boot within that.
      type: float
      sample: 15.9
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Exposed, findings: ["addresses", "audit:gateway.token_too_short"]}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._exposure.catalogue import IDS
from ..module_utils._exposure.info import Survey, exposure_info, target_of
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "exposure": {"type": "str", "choices": ["public", "private", "sealed"], "default": "public"},
        "addresses": {
            "type": "dict",
            "default": {},
            "options": {kind: {"type": "int"} for kind in ("shared_v4", "v4", "v6", "private_v6")},
        },
        "hostnames": {"type": "list", "elements": "str", "default": []},
        "private_url": {"type": "str"},
        "private_connect_to": {"type": "str"},
        "token": {"type": "str", "no_log": True},
        "previous_token": {"type": "str", "no_log": True},
        "release": {"type": "str", "default": "2026.9.6"},
        "checks": {"type": "list", "elements": "str", "choices": list(IDS), "default": list(IDS)},
        "waivers": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "id": {"type": "str", "required": True},
                "reason": {"type": "str", "required": True},
                "expires": {"type": "str", "required": True},
            },
        },
        "webhook_paths": {"type": "list", "elements": "str", "default": []},
        "tunnels": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "url": {"type": "str", "required": True},
                "paths": {"type": "list", "elements": "str", "default": []},
            },
        },
        "brute_force": {"type": "bool", "default": False},
        "brute_force_from": {"type": "str"},
        "http_port": {"type": "int", "default": 80},
        "https_port": {"type": "int", "default": 443},
        "connect_to": {"type": "str"},
        "tls_ca_file": {"type": "path"},
        "port": {"type": "int", "default": 3000},
        "state_dir": {"type": "str", "default": "/data"},
        "owner": {"type": "str", "default": "1000:1000"},
        "measure_outage": {"type": "bool", "default": False},
        "wait_timeout": {"type": "float", "default": 0.0},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    survey = Survey(
        tuple(params["checks"]),
        tuple(params["waivers"]),
        params["measure_outage"],
        params["brute_force"],
        params["wait_timeout"],
    )
    target = target_of(params, connect(params, context))
    return exposure_info(target, survey, context, connect_platform(params, context))


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
