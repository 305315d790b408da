#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_gateway_info
short_description: Prove that a gateway serves, and tell how it is
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Asks the gateway through its URL - does the startup probe answer its JSON (the Control UI answers every unknown path
    with 200), is a WebSocket without a token refused, is the token accepted.
  - With O(inside), asks it in its machine too, over one WebSocket on loopback, for its release, health, channels,
    devices, sessions, memory, disk, plugins and whether it runs the config that its file says. That needs no public
    road and no device, and takes half a second; nothing of what it asks changes anything.
  - Leaves nothing behind on the gateway; no device asks for approval because of it.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  url:
    description: Where the gateway is reached, such as C(https://my-openclaw.fly.dev). Without it nothing is proved.
    type: str
  inside:
    description: Whether the gateway is asked in its machine.
    type: bool
    default: false
  channels:
    description: Channels that must work, such as C(discord); the task fails with the gateway's reason if one does not.
    type: list
    elements: str
    default: []
  config:
    description: The declared config; the channels that it switches on are added to O(channels).
    type: dict
    default: {}
  wait_for_channels:
    description: Seconds for those channels to log in.
    type: float
    default: 0.0
  owner:
    description: Numeric user and group that asks in the machine; the image's user.
    type: str
    default: "1000:1000"
  token:
    description: The gateway's token. Without it only the probes are asked.
    type: str
  release:
    description: The OpenClaw release that runs.
    type: str
    default: 2026.9.6
  tls_ca_file:
    description: PEM file with the certificate authority of O(url), if it is a private one.
    type: path
  connect_to:
    description: Address to connect to instead of what the name resolves to, as C(host:port).
    type: str
  wait_timeout:
    description: Seconds for the gateway to serve.
    type: float
    default: 60.0
  require_ready_line:
    description: Whether the log must have the line that the release prints when it is ready.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Does it serve
  openclaw.fly.openclaw_gateway_info:
    app: my-openclaw
    url: https://my-openclaw.fly.dev
    token: "{{ vault_gateway_token }}"

- name: How is it, and does Discord work
  openclaw.fly.openclaw_gateway_info:
    app: my-openclaw
    inside: true
    channels: [discord]
    wait_for_channels: 60
"""

RETURN = r"""
proof:
  description: What was proved.
  returned: with a URL
  type: dict
  sample:
    url: https://my-openclaw.fly.dev
    started: true
    ready: true
    version: 2026.9.6
    unauthenticated_refused: true
    token_accepted: true
    ready_line: true
gateway:
  description: What the gateway tells of itself, sizes in bytes and times in seconds; null for what it does not tell.
  returned: with O(inside) or O(channels)
  type: dict
  sample:
    release: 2026.9.6
    healthy: true
    channels: [{channel: telegram, account: default, configured: true, running: true, connected: true, why: ""}]
    config: {path: /data/openclaw.json, valid: true, applied: true, sha256: 5f0c, problems: []}
    devices: 2
    pending_devices: 0
    sessions: 4
    memory: {gateway: 620000000, total: 2061746176, free: 900000000}
    disk: {path: /data, total: 1040000000, free: 900000000}
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.info import gateway_info
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "url": {"type": "str"},
        "inside": {"type": "bool", "default": False},
        "channels": {"type": "list", "elements": "str", "default": []},
        "config": {"type": "dict", "default": {}},
        "wait_for_channels": {"type": "float", "default": 0.0},
        "owner": {"type": "str", "default": "1000:1000"},
        "token": {"type": "str", "no_log": True},
        "release": {"type": "str", "default": "2026.9.6"},
        "tls_ca_file": {"type": "path"},
        "connect_to": {"type": "str"},
        "wait_timeout": {"type": "float", "default": 60.0},
        "require_ready_line": {"type": "bool", "default": False},
    },
    "required_one_of": [("url", "inside", "channels")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return gateway_info(connect(params, context), connect_platform(params, context), params, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
