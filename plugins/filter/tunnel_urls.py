# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where declared tunnels are reached from outside."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tunnel_urls
short_description: Where declared tunnels are reached from outside
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Makes of the declared tunnels what M(openclaw.fly.openclaw_exposure_info) proves. Tailscale's C(serve) is left out,
    because only your own tailnet reaches it; add its URL where the controller is part of that.
options:
  _input:
    description: The tunnels, as C(fly_app_tunnels) of the role P(openclaw.fly.openclaw_gateway#role) declares them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: What is reached from outside
  ansible.builtin.debug:
    msg: "{{ tunnels | openclaw.fly.tunnel_urls }}"
  vars:
    tunnels:
      - kind: ngrok
        hostname: voice.example.com
        paths: [/voice/webhook]
"""

RETURN = r"""
_value:
  description: The tunnels, each with C(url) and C(paths).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ..module_utils._openclaw.tunnels.declared import read


def tunnel_urls(declared: Any) -> list[dict[str, Any]]:
    tunnels = read(declared, 0)[0]
    return [{"url": f"https://{each.hostname}", "paths": list(each.paths)} for each in tunnels if each.public]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tunnel_urls": tunnel_urls}
