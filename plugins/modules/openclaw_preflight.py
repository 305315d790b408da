#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_preflight
short_description: Refuse what cannot work, before anything is changed
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Checks a gateway's declaration as a whole - token, region, process command, ports, config, secrets - and lists every
    problem in one message.
  - The config is judged by the schema of the release that is to run, if that schema is in the cache already, and by
    rules that no schema states; M(openclaw.fly.openclaw_config) judges it again, by the release itself.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
options:
  app:
    description: The app's name, for messages.
    type: str
    required: true
  org:
    description: The slug of the app's organization; given, the token must cover it.
    type: str
  release:
    description: The OpenClaw release that is to run.
    type: str
    required: true
  command:
    description: The gateway's process command.
    type: str
    required: true
  internal_port:
    description: The service's port in fly.toml; leave it out for an app without service.
    type: int
  exposure:
    description: Who can reach the gateway.
    type: str
    choices: [public, private, sealed]
    default: public
  region:
    description: The region for the machine and its volume.
    type: str
  vm_memory:
    description: The machine's memory, such as 2048mb.
    type: str
  memory_floor_mb:
    description: What the gateway and the programs in its image need at least.
    type: int
    default: 1024
  config:
    description: The declared openclaw.json.
    type: dict
    default: {}
  hostnames:
    description: Names under which browsers open the Control UI.
    type: list
    elements: str
    default: []
  https_port:
    description: The port in those names' origins.
    type: int
    default: 443
  secret_names:
    description: Names that the machine will have as environment variables.
    type: list
    elements: str
    default: []
  secrets:
    description: Values of those secrets; their types, placeholders and the shapes of known keys are judged.
    type: dict
    default: {}
  gateway_token:
    description: The gateway's token; one that can be guessed is refused.
    type: str
  packages:
    description: Plugins that are installed, npm packages with their exact versions.
    type: dict
    default: {}
  tunnels:
    description: The tunnels, as C(fly_app_tunnels) of the role P(openclaw.fly.fly_app#role) declares them.
    type: list
    elements: dict
    default: []
  ownership:
    description: As in M(openclaw.fly.openclaw_config).
    type: str
    choices: [merge, exact, readonly]
    default: merge
  migrate:
    description: As in M(openclaw.fly.openclaw_config).
    type: bool
    default: false
  waivers:
    description: Reasons by rule or config path, for what may be waived.
    type: dict
    default: {}
  schema_cache:
    description: Directory on the controller where schemas of releases are kept.
    type: path
    default: ~/.cache/openclaw-fly/schemas
"""

EXAMPLES = r"""
- name: Would this work
  openclaw.fly.openclaw_preflight:
    app: my-openclaw
    release: 2026.9.6
    command: node dist/index.js gateway --port 3000 --bind lan
    internal_port: 3000
    region: iad
"""

RETURN = r"""
problems:
  description: What is wrong, each with C(path), C(message), C(suggestion) and C(rule); empty when all is well.
  returned: always
  type: list
  elements: dict
token:
  description: What the API token is for, as far as Fly.io tells.
  returned: success
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
from ..module_utils._gateway.preflight import preflight
from ..module_utils._openclaw.config_rules import literal_secrets
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "org": {"type": "str"},
        "release": {"type": "str", "required": True},
        "command": {"type": "str", "required": True},
        "internal_port": {"type": "int"},
        "exposure": {"type": "str", "choices": ["public", "private", "sealed"], "default": "public"},
        "region": {"type": "str"},
        "vm_memory": {"type": "str"},
        "memory_floor_mb": {"type": "int", "default": 1024},
        "config": {"type": "dict", "default": {}},
        "hostnames": {"type": "list", "elements": "str", "default": []},
        "https_port": {"type": "int", "default": 443},
        "secret_names": {"type": "list", "elements": "str", "default": [], "no_log": False},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "gateway_token": {"type": "str", "no_log": True},
        "packages": {"type": "dict", "default": {}},
        "tunnels": {"type": "list", "elements": "dict", "default": []},
        "ownership": {"type": "str", "choices": ["merge", "exact", "readonly"], "default": "merge"},
        "migrate": {"type": "bool", "default": False},
        "waivers": {"type": "dict", "default": {}},
        "schema_cache": {"type": "path", "default": "~/.cache/openclaw-fly/schemas"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    for finding in literal_secrets(params["config"]):
        context.secret(finding.secret)
    return preflight(connect(params, context), params)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
