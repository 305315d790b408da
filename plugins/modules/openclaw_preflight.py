#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_preflight
short_description: Validate a gateway's declaration before anything is changed
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Checks a gateway's declaration as a whole - variables' names, token, region, sizes, process command, ports, config,
    secrets, exposure - and lists every problem in one message.
  - The config is judged by the schema of the release that is to run, if that schema is in the cache already, and by
    rules that no schema states; M(openclaw.fly.openclaw_config) judges it again, by the release itself.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.reads
  - openclaw.fly.preflight
  - openclaw.fly.preflight.variables
options:
  release:
    description: The OpenClaw release to run.
    type: str
    required: true
  command:
    description: The gateway's process command.
    type: str
    required: true
  internal_port:
    description: The service's port in fly.toml; leave it out for an app without service.
    type: int
  memory_floor_mb:
    description: The memory that the gateway and the programs in its image need at least.
    type: int
    default: 1024
  heap_mb:
    description: Node's heap limit in MB; it must leave a quarter of the memory free.
    type: int
  volume_path:
    description: Where the volume is mounted.
    type: str
  config_path:
    description: The config's path in the machine; it must be in O(volume_path).
    type: str
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
  tls_ca_file:
    description: Certificate authority by which the run verifies the gateway's certificate.
    type: path
  secret_names:
    description: Names that the machine will have as environment variables.
    type: list
    elements: str
    default: []
  gateway_token:
    description: The gateway's token; one that can be guessed is refused.
    type: str
  packages:
    description: Plugins that are installed, npm packages with their exact versions.
    type: dict
    default: {}
  skills:
    description: Skills that are written to the volume, as O(openclaw.fly.openclaw_skill#module:skills).
    type: dict
    default: {}
  skills_dir:
    description: The folder that relative paths of skills start in.
    type: path
    default: "."
  tunnels:
    description: The tunnels, as C(fly_app_tunnels) of the role P(openclaw.fly.openclaw_gateway#role) declares them.
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
  sources:
    description: The variables that set the config's paths, by path, for messages. The action plugin fills this in.
    type: dict
    default: {}
  schema_cache:
    description: Directory on the controller where schemas of releases are kept.
    type: path
    default: ~/.cache/openclaw-fly/schemas
  retry_failed_release:
    description: Whether to allow a release that M(openclaw.fly.openclaw_release_state) notes as one that failed.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Validate the gateway's declaration
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
  description: The scope of the API token, as far as Fly.io returns it.
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
from ..module_utils._openclaw.config_rules import literal_secrets
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._preflight.judges import judge
from ..module_utils._preflight.options import APP_OPTIONS, GATEWAY_OPTIONS, declared

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, **APP_OPTIONS, **GATEWAY_OPTIONS},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    for finding in literal_secrets(params["config"]):
        context.secret(finding.secret)
    return judge(declared(params, connect(params, context), context.secret))


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
