# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build openclaw.json from variables."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_config
short_description: Build a gateway's openclaw.json from variables
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Builds the declared config of an OpenClaw gateway. There is no secret in it; the gateway's token is a SecretRef.
  - Variables that are left out take their defaults; unknown ones, null and values of another kind are one error that
    names them all.
options:
  _input:
    description:
      - The variables, such as C(model), C(channels), C(hostnames) and C(extra).
      - The role P(openclaw.fly.openclaw_config#role) lists them, there with its prefix.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The config
  ansible.builtin.debug:
    msg: "{{ {'hostnames': ['my-openclaw.fly.dev']} | openclaw.fly.gateway_config }}"
"""

RETURN = r"""
_value:
  description: The content of openclaw.json.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._openclaw.errors import OpenClawError
from ..module_utils._openclaw.render import gateway_config as render


def gateway_config(variables: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return render(variables)
    except OpenClawError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"gateway_config": gateway_config}
