#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_channel_login
short_description: Link a channel's account with a phone by QR code
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Shows the QR code of WhatsApp and similar channels in the terminal, again whenever it changes, and waits until it is
    scanned. An account that is linked is left unchanged.
  - The gateway stores the login in its state on the volume.
  - Where a task runs as an ordinary module (C(async), C(become), a remote host) there is no terminal to show a code in.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.converges
options:
  app:
    description: The app's name.
    type: str
    required: true
  channel:
    description: The channel, such as C(whatsapp).
    type: str
    required: true
  account:
    description: The channel's account. If omitted, the default account.
    type: str
  wait_timeout:
    description: Seconds to wait for the code to be scanned.
    type: float
    default: 180.0
  owner:
    description: Numeric user and group to run the command as; defaults to the image's user.
    type: str
    default: "1000:1000"
"""

EXAMPLES = r"""
- name: Link WhatsApp
  openclaw.fly.openclaw_channel_login:
    app: my-openclaw
    channel: whatsapp
"""

RETURN = r"""
account:
  description: The account, as the gateway reports it.
  returned: success
  type: dict
  sample: {channel: whatsapp, account: default, configured: true, running: true, connected: true, linked: true, why: ""}
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [link whatsapp (default)]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: nobody scanned the code, why: waited 180 s}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.channel_login import ChannelLogin, WantedLogin

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "channel": {"type": "str", "required": True},
        "account": {"type": "str"},
        "wait_timeout": {"type": "float", "default": 180.0},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> ChannelLogin:
    wanted = WantedLogin(params["app"], params["channel"], params["account"], params["owner"], params["wait_timeout"])
    return ChannelLogin(connect(params, context), context, wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
