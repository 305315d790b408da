# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that run tunnels beside a gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tunnel_files
short_description: The files that run tunnels beside a gateway
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Renders what a machine needs to run the declared tunnels - a script that supervises them and the gateway, and each
    program's config, which lets the declared paths through and nothing else. There is no secret in it.
  - The first file is the script, whose path precedes the gateway's command. Without a tunnel the list is empty.
options:
  _input:
    description: The tunnels, as C(fly_app_tunnels) of the role P(openclaw.fly.openclaw_gateway#role) declares them.
    type: list
    elements: dict
    required: true
  port:
    description: The gateway's port, where a tunnel leads that names none.
    type: int
    default: 3000
"""

EXAMPLES = r"""
- name: What runs beside the gateway
  ansible.builtin.debug:
    msg: "{{ tunnels | openclaw.fly.tunnel_files }}"
  vars:
    tunnels:
      - kind: ngrok
        hostname: voice.example.com
        paths: [/voice/webhook]
"""

RETURN = r"""
_value:
  description: The files, each with C(guest_path) and C(text).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._openclaw.problems import ConfigRefused
from ..module_utils._openclaw.tunnels.declared import VARIABLE, read
from ..module_utils._openclaw.tunnels.programs import files


def tunnel_files(declared: Any, port: int = 3000) -> list[dict[str, str]]:
    tunnels, problems = read(declared, int(port))
    if problems:
        raise AnsibleFilterError(str(ConfigRefused(problems, VARIABLE)))
    return files(tunnels)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tunnel_files": tunnel_files}
