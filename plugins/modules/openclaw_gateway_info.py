#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_gateway_info
short_description: Prove that a gateway serves
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Asks the gateway through its URL - does the startup probe answer its JSON (the Control UI answers every unknown path
    with 200), is a WebSocket without a token refused, is the token accepted.
  - Leaves nothing behind on the gateway; no device asks for approval because of it.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
options:
  app:
    description: The app's name.
    type: str
    required: true
  url:
    description: Where the gateway is reached, such as C(https://my-openclaw.fly.dev).
    type: str
    required: true
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
"""

RETURN = r"""
proof:
  description: What was proved.
  returned: success
  type: dict
  sample:
    url: https://my-openclaw.fly.dev
    started: true
    ready: true
    version: 2026.9.6
    stranger_refused: true
    token_accepted: true
    ready_line: true
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils.api_options import API_OPTIONS, connect_platform
from ..module_utils.converge.context import Context
from ..module_utils.converge.module import run_module
from ..module_utils.errors import CollectionError
from ..module_utils.openclaw.releases import Release
from ..module_utils.resources.gateway_proof import GatewayProof, ready_line

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "url": {"type": "str", "required": True},
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
    release = Release.parse(params["release"])
    host, _colon, port = (params["connect_to"] or "").rpartition(":")
    proof = GatewayProof(
        params["app"],
        params["url"],
        params["token"],
        release,
        context,
        ca_file=params["tls_ca_file"],
        connect_to=(host, int(port)) if host else None,
        timeout=params["wait_timeout"],
    ).observe()
    if params["require_ready_line"]:
        proof["ready_line"] = ready_line(connect_platform(params, context), params["app"], release)
        if proof["ready_line"] is False:
            raise CollectionError("the log does not say that the gateway is ready", where=f"app {params['app']}")
        if proof["ready_line"] is None:
            context.warn("The token may not read logs, so the ready line was not looked for.")
    return {"changed": False, "proof": proof}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
