#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_secrets
short_description: Set an app's secrets
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Sets many at once, and only those whose value is not yet what is wanted.
  - Fly.io never gives a value back. What we set is remembered as a salted scrypt hash, beside Fly.io's own digest, in
    the metadata of the app's machines; so check mode is truthful, and a value that somebody else changed is set again.
  - As long as an app has no machine, the file that O(secrets_memory) tells holds it, and the first machine that
    M(openclaw.fly.fly_deploy) makes takes it over. Without that file, the secrets are set once more.
  - Values are staged. A machine sees them from its next update on, which M(openclaw.fly.fly_deploy) makes when needed.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  secrets:
    description: Values by name. They travel in the request's body only, and are masked in everything that is shown.
    type: dict
    default: {}
  absent:
    description: Names of secrets to remove.
    type: list
    elements: str
    default: []
  exact:
    description: Whether every secret that O(secrets) does not name is removed.
    type: bool
    default: false
  apply:
    description:
      - Whether machines get them now, one after the other, behind the health gate; each is restarted.
      - If not, they are staged, and a machine gets them at its next deploy.
    type: bool
    default: false
  secrets_memory:
    description: The folder of the hashes of apps without a machine, where the module runs; files of mode 0600.
    type: path
    default: ~/.cache/openclaw-fly/secrets
  wait_timeout:
    description: Seconds for a machine to be healthy again.
    type: float
    default: 300.0
"""

EXAMPLES = r"""
- name: The gateway's secrets, from a vault
  openclaw.fly.fly_secrets:
    app: my-openclaw
    secrets:
      OPENCLAW_GATEWAY_TOKEN: "{{ vault_gateway_token }}"
      ANTHROPIC_API_KEY: "{{ vault_anthropic_key }}"
"""

RETURN = r"""
names:
  description: Names of the app's secrets.
  returned: success
  type: list
  elements: str
  sample: [OPENCLAW_GATEWAY_TOKEN]
digests:
  description: Fly.io's digests by name.
  returned: success
  type: dict
  sample: {OPENCLAW_GATEWAY_TOKEN: 5c1b8e4a0d2f}
state:
  description: What machines are compared with; O(openclaw.fly.fly_deploy#module:secrets_state) takes it.
  returned: success
  type: dict
  contains:
    fingerprint:
      description: Digest of all names and digests.
      type: str
    set_at:
      description: When one was last set, in unix seconds; null where Fly.io does not say.
      type: float
remembered:
  description: Whether a machine or a file remembers what was set, so that the next run can tell.
  returned: success
  type: bool
changes:
  description: What was done, or in check mode would be, a line each.
  returned: success
  type: list
  elements: str
  sample: [set ANTHROPIC_API_KEY]
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.machines.writer import MachineWriter
from ..module_utils._fly.secrets.ledger_file import LedgerFile
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform
from ..module_utils._resources.secrets import Secrets

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "absent": {"type": "list", "elements": "str", "default": []},
        "exact": {"type": "bool", "default": False},
        "apply": {"type": "bool", "default": False},
        "secrets_memory": {"type": "path", "default": "~/.cache/openclaw-fly/secrets", "no_log": False},
        "wait_timeout": {"type": "float", "default": 300.0},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Secrets:
    values = {name: context.secret(str(value)) for name, value in params["secrets"].items()}
    api, app = connect(params, context), params["app"]
    gate = Gate(api, connect_platform(params, context), app, params["wait_timeout"], context.progress)
    apply = MachineWriter(api, gate, app) if params["apply"] else None
    memory = LedgerFile(params["secrets_memory"], app)
    return Secrets(api, app, values, memory=memory, absent=params["absent"], exact=params["exact"], apply=apply)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
