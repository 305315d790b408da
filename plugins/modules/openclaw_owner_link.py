#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_owner_link
short_description: Create a one-time login link for the owner's browser
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Writes a small page with a new link to a file on the controller, with mode 0600. The browser that opens it first is
    logged in and paired, without the token and without an approval. The link works once, for about ten minutes.
  - The link is never printed or returned. OpenClaw's own command line in the machine creates it.
  - Every run creates a new link, so the task always reports a change.
attributes:
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: partial
    details: Every run creates a new link.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  url:
    description: Where the browser reaches the gateway, such as V(https://my-openclaw.fly.dev).
    type: str
    required: true
  dest:
    description: Path of the page to write.
    type: path
    required: true
  owner:
    description: Numeric user and group to run the command as; defaults to the image's user.
    type: str
    default: "1000:1000"
"""

EXAMPLES = r"""
- name: Create a login link
  openclaw.fly.openclaw_owner_link:
    app: my-openclaw
    url: https://my-openclaw.fly.dev
    dest: ~/my-openclaw.html
"""

RETURN = r"""
dest:
  description: Path of the page.
  returned: success
  type: str
  sample: /home/me/my-openclaw.html
file_url:
  description: URL of the page, for a browser on the same machine.
  returned: success
  type: str
  sample: file:///home/me/my-openclaw.html
expires_at:
  description: When the link expires; null in check mode.
  returned: success
  type: str
  sample: "2026-11-22T09:25:00Z"
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
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
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.owner_link import OwnerLink, WantedLink

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "url": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> OwnerLink:
    wanted = WantedLink(params["app"], params["url"], Path(params["dest"]), params["owner"])
    return OwnerLink(connect(params, context), context, wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
