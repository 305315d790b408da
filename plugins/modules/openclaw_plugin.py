#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_plugin
short_description: Install plugins of a gateway, pinned to exact versions
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Installs npm packages into the state on the volume, each at exactly the declared version, with OpenClaw's own
    command line in the machine. C(latest) is refused.
  - A plugin that the release bundles counts as installed.
  - An installation takes up to a minute and 600 MB in the machine, and the machine must reach the package registry.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  packages:
    description: npm packages with their exact versions.
    type: dict
    default: {}
  exact:
    description: Whether to remove installed plugins that are not declared.
    type: bool
    default: false
  release:
    description: The OpenClaw release that they are for. While the machine runs another one, nothing is changed.
    type: str
    default: 2026.9.6
  owner:
    description: Numeric user and group to run the command as; defaults to the image's user.
    type: str
    default: "1000:1000"
  wait_timeout:
    description: Timeout in seconds for one installation.
    type: float
    default: 600.0
"""

EXAMPLES = r"""
- name: Install Discord, which the release does not bundle
  openclaw.fly.openclaw_plugin:
    app: my-openclaw
    packages:
      "@openclaw/discord": "2026.9.6"
"""

RETURN = r"""
installed:
  description: Plugins on the volume, each with C(id), C(package), C(version), C(enabled) and more.
  returned: success
  type: list
  elements: dict
bundled:
  description: IDs of the plugins that the release bundles.
  returned: success
  type: list
  elements: str
shadows:
  description: IDs of installed plugins that replace a bundled one; also reported as warnings.
  returned: success
  type: list
  elements: str
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: ["install @openclaw/discord@2026.9.6"]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._openclaw.plugins import pinned
from ..module_utils._openclaw.releases import Release
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.plugins import Plugins, WantedPlugins

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "packages": {"type": "dict", "default": {}},
        "exact": {"type": "bool", "default": False},
        "release": {"type": "str", "default": "2026.9.6"},
        "owner": {"type": "str", "default": "1000:1000"},
        "wait_timeout": {"type": "float", "default": 600.0},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Plugins:
    packages = pinned(params["packages"], f"app {params['app']}")
    wanted = WantedPlugins(
        params["app"],
        packages,
        params["exact"],
        params["owner"],
        params["wait_timeout"],
        Release.parse(params["release"]),
    )
    return Plugins(connect(params, context), context, wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
