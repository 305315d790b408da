#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_gateway_token
short_description: Replace the gateway token that is kept in a file
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - With O(state=next), makes a new token in a file beside O(file), of mode 0600. One that exists already is kept, so
    that a run which was interrupted is continued with the same token.
  - With O(state=current), puts it in the place of O(file). Do so once the gateway runs with it.
  - The token itself is never returned; read it with P(openclaw.fly.gateway_token#lookup).
  - A token that the inventory has from elsewhere, such as a vault, is left alone, and so is a file that
    C(ansible-vault) encrypted (RV(kept) is V(false)).
  - It sends no request.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.converges
options:
  file:
    description: The file that keeps the token.
    type: path
    required: true
  token:
    description: The token that the inventory declares. It is compared with the one in the file.
    type: str
    required: true
  state:
    description: Which step to make.
    type: str
    choices: [next, current]
    required: true
seealso:
  - plugin: openclaw.fly.gateway_token
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Make a new token
  openclaw.fly.openclaw_gateway_token:
    file: my-openclaw.token
    token: "{{ lookup('openclaw.fly.gateway_token', 'my-openclaw.token') }}"
    state: next
"""

RETURN = r"""
kept:
  description: Whether the inventory has its token from the file, and the file is not encrypted.
  returned: success
  type: bool
file:
  description: The file with the new token.
  returned: success
  type: str
  sample: my-openclaw.token.next
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [make a new token in my-openclaw.token.next]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: the file cannot be written, where: my-openclaw.token}
"""

from pathlib import Path
from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._resources.gateway_token import GatewayToken, WantedGatewayToken

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "file": {"type": "path", "required": True},
        "token": {"type": "str", "required": True, "no_log": True},
        "state": {"type": "str", "choices": ["next", "current"], "required": True},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> GatewayToken:
    context.secret(params["token"])
    return GatewayToken(WantedGatewayToken(Path(params["file"]), params["state"], params["token"]))


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
