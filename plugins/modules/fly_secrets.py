#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_secrets
short_description: Manage an app's secrets
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Sets many secrets in one request, and only those whose value differs.
  - Fly.io never returns a value. The module therefore keeps a salted scrypt hash of each value beside Fly.io's own
    digest in
    the metadata of the app's machines, so that check mode is correct, and a value that was changed elsewhere is set
    again.
  - As long as an app has no machine, a file in O(secrets_memory) keeps the hashes, and the first machine that
    M(openclaw.fly.fly_deploy) creates takes them over. Without that file, the secrets are set once more.
  - Values are staged. A machine gets them with its next update, which M(openclaw.fly.fly_deploy) makes when needed.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  secrets:
    description:
      - Values by name, each a text in one line, or a PEM or JSON document. They are sent in request bodies only, and
        masked in all output.
      - Null, numbers, booleans, lists and dictionaries are refused. Write a number in quotes.
    type: dict
    default: {}
  absent:
    description: Names of secrets to remove.
    type: list
    elements: str
    default: []
  exact:
    description: Whether to remove every secret that O(secrets) does not name.
    type: bool
    default: false
  apply:
    description:
      - Whether to restart the machines with the new values now, one after the other, with the health gate.
      - If not, the values are staged, and a machine gets them with its next deploy.
    type: bool
    default: false
  retired:
    description:
      - Names of secrets whose value before the present one must never be set again, because it was rotated. A later
        task that would set it is refused, from whichever controller.
      - The last five such values of a secret are remembered, as hashes.
    type: list
    elements: str
    default: []
  secrets_memory:
    description:
      - Directory (where the module runs) that keeps secret hashes until the app has a machine. Files have mode 0600.
    type: path
    default: ~/.cache/openclaw-fly/secrets
  wait_timeout:
    description: Timeout in seconds for a machine to become healthy again.
    type: float
    default: 300.0
"""

EXAMPLES = r"""
- name: Set the gateway's secrets from a vault
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
  description: The state that machines are compared with, for O(openclaw.fly.fly_deploy#module:secrets_state).
  returned: success
  type: dict
  contains:
    fingerprint:
      description: Digest of all names and digests.
      type: str
    set_at:
      description: When a secret was last set, in Unix seconds; null if Fly.io does not return it.
      type: float
remembered:
  description: Whether the hashes are kept by a machine or a file, so that the next run can compare.
  returned: success
  type: bool
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [set ANTHROPIC_API_KEY]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.machines.writer import MachineWriter
from ..module_utils._fly.secrets.ledger_file import LedgerFile
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform
from ..module_utils._resources.secrets import Secrets, WantedSecrets

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "absent": {"type": "list", "elements": "str", "default": []},
        "exact": {"type": "bool", "default": False},
        "retired": {"type": "list", "elements": "str", "default": []},
        "apply": {"type": "bool", "default": False},
        "secrets_memory": {"type": "path", "default": "~/.cache/openclaw-fly/secrets", "no_log": False},
        "wait_timeout": {"type": "float", "default": 300.0},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Secrets:
    for value in params["secrets"].values():
        context.secret(str(value))
    api, app = connect(params, context), params["app"]
    gate = Gate(api, connect_platform(params, context), app, params["wait_timeout"], context.progress)
    wanted = WantedSecrets(app, params["secrets"], tuple(params["absent"]), params["exact"], tuple(params["retired"]))
    memory = LedgerFile(params["secrets_memory"], app)
    return Secrets(api, wanted, memory, MachineWriter(api, gate, app) if params["apply"] else None)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
