#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_pairing
short_description: Let a person in who writes to a gateway's channel
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - A channel whose C(dmPolicy) is C(pairing) answers a stranger with a code. This lists who waits, and lets exactly one
    in by his code.
  - Where no owner is declared yet (C(commands.ownerAllowFrom)), OpenClaw makes the first one that is let in the owner.
attributes:
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: partial
    details: A code that was approved is no longer pending, so approving it again fails.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  channel:
    description: The channel, such as C(telegram).
    type: str
    required: true
  code:
    description: The code of the person to let in; without it they are only listed.
    type: str
  notify:
    description: Whether the person is told in the channel.
    type: bool
    default: false
  owner:
    description: Numeric user and group that the command runs as; the image's user.
    type: str
    default: "1000:1000"
"""

EXAMPLES = r"""
- name: Who waits
  openclaw.fly.openclaw_pairing:
    app: my-openclaw
    channel: telegram

- name: Let this one in
  openclaw.fly.openclaw_pairing:
    app: my-openclaw
    channel: telegram
    code: ABCD2345
    notify: true
"""

RETURN = r"""
pending:
  description: Who waits, each with C(id), C(name), C(code) and C(account).
  returned: success
  type: list
  elements: dict
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [let in alice]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: UnknownCode, what: Nobody waits with the code ABCD2345}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.senders import Senders, WantedSender

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "channel": {"type": "str", "required": True},
        "code": {"type": "str"},
        "notify": {"type": "bool", "default": False},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Senders:
    wanted = WantedSender(params["app"], params["channel"], params["code"], params["notify"], params["owner"])
    return Senders(connect(params, context), wanted)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
