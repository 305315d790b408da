#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_secrets_info
short_description: Prove that a gateway runs with its secrets
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Compares what the gateway's own process has in its environment with the given values. Only salted digests of them
    are sent to the machine, and compared there.
  - Tests that a token that was replaced is refused, by a login in the machine.
  - Finds profiles of model providers on the volume that win over a key in the environment, so that a new key is not
    used. Releases that do not report them are not checked for it.
  - Fails when a value is not in force, when the old token is accepted, and when a profile is used instead of a key.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  secrets:
    description: The values that the gateway must run with, by name.
    type: dict
    required: true
  refused_token:
    description: A gateway token that must no longer be accepted.
    type: str
  wait_timeout:
    description: Timeout in seconds for the gateway to answer.
    type: float
    default: 60.0
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
seealso:
  - module: openclaw.fly.fly_secrets
  - module: openclaw.fly.fly_secrets_info
"""

EXAMPLES = r"""
- name: Prove that the gateway runs with the new key
  openclaw.fly.openclaw_secrets_info:
    app: my-openclaw
    secrets:
      ANTHROPIC_API_KEY: "{{ vault_anthropic_key }}"
"""

RETURN = r"""
secrets:
  description: Names of the secrets that are in force.
  returned: success
  type: list
  elements: str
  sample: [ANTHROPIC_API_KEY]
token_refused:
  description: Whether O(refused_token) is refused; null if none was given.
  returned: success
  type: bool
shadowed:
  description: Profiles that win over a key, each with C(name), C(provider) and C(profile); empty on success.
  returned: success
  type: list
  elements: dict
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: secrets are not in force, where: gateway my-openclaw, secrets: [SOME_KEY]}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.secrets_in_force import AskedSecrets, secrets_in_force
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "secrets": {"type": "dict", "required": True, "no_log": True},
        "refused_token": {"type": "str", "no_log": True},
        "wait_timeout": {"type": "float", "default": 60.0},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    values = {name: str(value) for name, value in params["secrets"].items()}
    for value in values.values():
        context.secret(value)
    asked = AskedSecrets(
        params["app"], values, params["refused_token"] or None, params["owner"], params["wait_timeout"]
    )
    return secrets_in_force(connect(params, context), asked, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
