#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_gateway_info
short_description: Prove that a gateway serves, and get its status
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Connects to O(url) and proves that the startup probe answers its JSON (the Control UI answers every unknown path
    with 200), that a WebSocket without a token is refused, and that the token is accepted.
  - With O(inside), also connects to the gateway in its machine, over one WebSocket on loopback, and returns its
    release, health, channels, devices, sessions, memory, disk, plugins and whether it runs the config of its file. That
    needs no public route and no device, takes half a second, and changes nothing.
  - Leaves nothing behind on the gateway, in particular no pairing request.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  url:
    description: The gateway's URL, such as C(https://my-openclaw.fly.dev). Without it, nothing is proved.
    type: str
  inside:
    description: Whether to connect to the gateway in its machine.
    type: bool
    default: false
  channels:
    description: Channels that must work, such as C(discord). If one does not, the task fails with the gateway's reason.
    type: list
    elements: str
    default: []
  config:
    description: The declared config. The channels that it enables are added to O(channels).
    type: dict
    default: {}
  wait_for_channels:
    description: Seconds to wait until those channels are connected.
    type: float
    default: 0.0
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
  token:
    description: The gateway's token. Without it, only the probes are requested.
    type: str
  release:
    description: The OpenClaw release that runs.
    type: str
    default: 2026.9.6
  tls_ca_file:
    description: PEM file with the certificate authority of O(url), if it is a private one.
    type: path
  connect_to:
    description: Address to connect to in place of what the name resolves to, as C(host:port).
    type: str
  wait_timeout:
    description:
      - Seconds to wait until the gateway serves.
      - A wrong name, a closed or unreachable port and an unknown certificate authority end the wait earlier.
    type: float
    default: 60.0
  require_ready_line:
    description: Whether the log must contain the line that the release prints when it is ready.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Prove that the gateway serves
  openclaw.fly.openclaw_gateway_info:
    app: my-openclaw
    url: https://my-openclaw.fly.dev
    token: "{{ vault_gateway_token }}"

- name: Get its status, and wait until Discord is connected
  openclaw.fly.openclaw_gateway_info:
    app: my-openclaw
    inside: true
    channels: [discord]
    wait_for_channels: 60
"""

RETURN = r"""
proof:
  description: What was proved from outside.
  returned: when O(url) is set
  type: dict
  contains:
    url:
      description: The URL.
      type: str
      sample: https://my-openclaw.fly.dev
    started:
      description: Whether the gateway has started; always V(true), since the task fails otherwise.
      type: bool
    ready:
      description: Whether the readiness probe is positive; null if the release has none.
      type: bool
    version:
      description: The release that runs, if the gateway reports it.
      type: str
      sample: 2026.9.6
    unauthenticated_refused:
      description: Whether a client without a token is refused. Returned with O(token).
      type: bool
    unauthenticated_refusal:
      description: The gateway's code for that. Returned with O(token).
      type: str
      sample: AUTH_TOKEN_MISSING
    token_accepted:
      description: Whether the token is accepted. Returned with O(token).
      type: bool
    protocol:
      description: Version of the WebSocket protocol. Returned with O(token).
      type: int
      sample: 4
    ready_line:
      description: Whether the log contains the ready line; null if the token is not allowed to read logs. Returned with
        O(require_ready_line).
      type: bool
gateway:
  description: The gateway's status, from inside its machine; null for what it does not report.
  returned: with O(inside) or O(channels)
  type: dict
  contains:
    release:
      description: The release that runs.
      type: str
      sample: 2026.9.6
    healthy:
      description: Whether the gateway calls itself healthy.
      type: bool
    slow:
      description: Reasons for which its event loop is slow.
      type: list
      elements: str
    channels:
      description: Accounts of channels, each with C(channel), C(account), C(configured), C(running), C(connected),
        C(linked) and C(why), the gateway's reason.
      type: list
      elements: dict
      sample: [{channel: telegram, account: default, configured: true, running: true, connected: true, why: ""}]
    config:
      description: The config file, with C(path), C(valid), C(applied) (whether the gateway runs it), C(sha256) and
        C(problems).
      type: dict
      sample: {path: /data/openclaw.json, valid: true, applied: true, sha256: 5f0c, problems: []}
    devices:
      description: Number of paired devices.
      type: int
    pending_devices:
      description: Number of devices whose approval is pending.
      type: int
    sessions:
      description: Number of sessions.
      type: int
    memory:
      description: Bytes of memory, C(gateway), C(total) and C(free).
      type: dict
      sample: {gateway: 620000000, total: 2061746176, free: 900000000}
    disk:
      description: Bytes of the volume, C(total) and C(free), and its C(path).
      type: dict
      sample: {path: /data, total: 1040000000, free: 900000000}
    plugins:
      description: Loaded plugins.
      type: list
      elements: str
    plugin_errors:
      description: Errors of plugins.
      type: list
      elements: dict
    installed:
      description: Versions of installed plugins, by package.
      type: dict
    uptime:
      description: Seconds since the gateway started.
      type: float
    node:
      description: Version of Node.js.
      type: str
    refused:
      description: Reasons for which methods were refused, by method.
      type: dict
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.info import Questions, gateway_info
from ..module_utils._openclaw.channels import enabled
from ..module_utils._openclaw.endpoint import Endpoint, host_and_port
from ..module_utils._openclaw.releases import Release
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
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    connect_to = host_and_port(params["connect_to"], "connect_to")
    asked = Questions(
        params["app"],
        Release.parse(params["release"]),
        Endpoint.parse(params["url"], connect_to, params["tls_ca_file"]) if params["url"] else None,
        params["token"],
        params["wait_timeout"],
        params["require_ready_line"],
        params["inside"],
        (*params["channels"], *enabled(params["config"])),
        params["wait_for_channels"],
        params["owner"],
    )
    return gateway_info(connect(params, context), connect_platform(params, context), asked, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
