#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_config
short_description: Declare a gateway's openclaw.json
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Merges what is declared into the file on the volume. Declared paths are ours; what a person set in the Control UI
    and what the gateway writes stays; a path that was ours and is no longer declared goes. C(meta) is never touched.
  - The result is judged by the schema of the release on the controller, then by the release itself in the machine, and
    swapped in atomically. A refused config changes nothing.
  - A running gateway takes most changes without a restart; the task waits until it has, and puts the previous file back
    when the gateway does not live with the new one.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  config:
    description: The declared part of openclaw.json. It may refer to secrets, not hold them.
    type: dict
    required: true
  release:
    description: The OpenClaw release that runs.
    type: str
    default: 2026.9.6
  path:
    description: The file's path in the machine.
    type: str
    default: /data/openclaw.json
  owner:
    description: Numeric owner and group of the file.
    type: str
    default: "1000:1000"
  ownership:
    description:
      - Whether the declared paths are ours (V(merge)) or the whole file is (V(exact)).
      - V(readonly) is exact for a machine that has C(OPENCLAW_CONFIG_READONLY=1), where no other process writes the
        file; such a gateway does not start with an old form of a key, so none can be waived.
    type: str
    choices: [merge, exact, readonly]
    default: merge
  exposure:
    description: Who can reach the gateway.
    type: str
    choices: [public, private, sealed]
    default: public
  port:
    description: The gateway's port.
    type: int
    default: 3000
  hostnames:
    description: Names under which browsers open the Control UI.
    type: list
    elements: str
    default: []
  https_port:
    description: The port in those names' origins.
    type: int
    default: 443
  waivers:
    description: Reasons by rule or config path, for findings that may be waived.
    type: dict
    default: {}
  sources:
    description: The variables that set the config's paths, by path, for messages. The action plugin fills this in.
    type: dict
    default: {}
  migrate:
    description:
      - Whether the release's own migration rewrites old forms of keys and models in the declared config. It runs in the
        machine, writes nothing there, and each change is a warning and part of the diff.
      - Without it old forms are refused, with what to write.
    type: bool
    default: false
  machines:
    description: The app's machines, as M(openclaw.fly.fly_deploy) returned them just before; it saves a request.
    type: list
    elements: dict
  schema_cache:
    description: Directory on the controller where schemas of releases are kept.
    type: path
    default: ~/.cache/openclaw-fly/schemas
  wait_timeout:
    description: Seconds for the gateway to be healthy after a restart.
    type: float
    default: 300.0
"""

EXAMPLES = r"""
- name: The gateway's config
  openclaw.fly.openclaw_config:
    app: my-openclaw
    hostnames: [my-openclaw.fly.dev]
    config: "{{ {'hostnames': ['my-openclaw.fly.dev'], 'model': 'anthropic/claude-opus-4-6'}
      | openclaw.fly.gateway_config }}"
"""

RETURN = r"""
path:
  description: The file's path.
  returned: success
  type: str
release:
  description: The release whose rules held.
  returned: success
  type: str
machine:
  description: The machine that has the volume; null when none can be reached.
  returned: success
  type: str
sha256:
  description: Digest of the file.
  returned: success
  type: str
effect:
  description:
    - What the change cost - V(none), V(hot), V(restart), or V(start) when the gateway is yet to start.
    - V(deferred) when another release runs yet; nothing was changed then.
  returned: success
  type: str
migrated:
  description: What the release's migration rewrote in the declared config, with O(migrate).
  returned: success
  type: list
  elements: str
includes:
  description: Files that the config on the volume takes in by C($include), and which declared paths they set too.
  returned: success
  type: list
  elements: dict
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [set gateway.trustedProxies]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from pathlib import Path
from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._gateway.config_effect import ConfigEffect
from ..module_utils._openclaw import config_rules
from ..module_utils._openclaw.config_judge import judge
from ..module_utils._openclaw.config_sources import named
from ..module_utils._openclaw.problems import refuse
from ..module_utils._openclaw.releases import Release
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform
from ..module_utils._resources.config_state import WantedConfig
from ..module_utils._resources.gateway_config import KEPT, GatewayConfig

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "config": {"type": "dict", "required": True},
        "release": {"type": "str", "default": "2026.9.6"},
        "path": {"type": "str", "default": "/data/openclaw.json"},
        "owner": {"type": "str", "default": "1000:1000"},
        "ownership": {"type": "str", "choices": ["merge", "exact", "readonly"], "default": "merge"},
        "exposure": {"type": "str", "choices": ["public", "private", "sealed"], "default": "public"},
        "port": {"type": "int", "default": 3000},
        "hostnames": {"type": "list", "elements": "str", "default": []},
        "https_port": {"type": "int", "default": 443},
        "waivers": {"type": "dict", "default": {}},
        "sources": {"type": "dict", "default": {}},
        "migrate": {"type": "bool", "default": False},
        "machines": {"type": "list", "elements": "dict"},
        "schema_cache": {"type": "path", "default": "~/.cache/openclaw-fly/schemas"},
        "wait_timeout": {"type": "float", "default": 300.0},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> GatewayConfig:
    for finding in config_rules.literal_secrets(params["config"]):
        context.secret(finding.secret)
    app, release = params["app"], Release.parse(params["release"])
    facts = config_rules.Facts(
        release=release,
        exposure=params["exposure"],
        port=params["port"],
        hostnames=tuple(params["hostnames"]),
        https_port=params["https_port"],
        waivers={str(key): str(value) for key, value in params["waivers"].items()},
        readonly=params["ownership"] == "readonly",
        migrate=params["migrate"],
        sources=params["sources"],
    )
    refuse(named(judge(params["config"], facts), facts.sources), f"app {app}", kept=KEPT)
    api, platform = connect(params, context), connect_platform(params, context)
    gate = Gate(api, platform, app, params["wait_timeout"], context.progress)
    wanted = WantedConfig(
        config=params["config"],
        release=release,
        path=params["path"],
        owner=params["owner"],
        exact=params["ownership"] == "exact",
        readonly=facts.readonly,
        facts=facts,
        schema_cache=Path(params["schema_cache"]),
    )
    effect = ConfigEffect(api, platform, gate, app, release, context)
    return GatewayConfig(api, effect, app, wanted, params["machines"])


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
