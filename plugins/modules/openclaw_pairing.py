#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_pairing
short_description: Approve a channel's sender by pairing code
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - A channel whose C(dmPolicy) is C(pairing) answers an unknown sender with a code. Lists pending senders, and approves
    exactly one by its code.
  - Unless an owner is declared (C(commands.ownerAllowFrom)), OpenClaw makes the first approved sender the owner.
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
    description: Code of the sender to approve. Without it, pending senders are only listed.
    type: str
  notify:
    description: Whether to notify the sender in the channel.
    type: bool
    default: false
  owner:
    description: Numeric user and group to run the command as; defaults to the image's user.
    type: str
    default: "1000:1000"
"""

EXAMPLES = r"""
- name: List pending senders
  openclaw.fly.openclaw_pairing:
    app: my-openclaw
    channel: telegram

- name: Approve this sender
  openclaw.fly.openclaw_pairing:
    app: my-openclaw
    channel: telegram
    code: ABCD2345
    notify: true
"""

RETURN = r"""
pending:
  description: Senders whose approval is pending.
  returned: success
  type: list
  elements: dict
  contains:
    channel:
      description: The channel.
      type: str
    account:
      description: The channel's account.
      type: str
    id:
      description: The sender's ID in the channel.
      type: str
    code:
      description: The sender's code, as O(code) takes it.
      type: str
    name:
      description: The sender's name, if the channel knows it.
      type: str
    created_at:
      description: Time of the request.
      type: str
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [approve alice]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: UnknownCode, what: no sender is pending with the code ABCD2345}
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
