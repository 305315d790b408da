# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of tasks that try out a gateway's data in a closed copy."""

from __future__ import annotations

from typing import Any

from .._converge.context import Context
from .._fly.client.api import MachinesApi
from .._rehearsal.trial import Connections, WantedCopy
from .api import connect_platform, transport

COPY_OPTIONS: dict[str, Any] = {
    "app": {"type": "str", "required": True},
    "definition": {"type": "dict", "required": True},
    "token_env": {"type": "str", "default": "OPENCLAW_GATEWAY_TOKEN", "no_log": False},
    "wait_timeout": {"type": "float", "default": 600.0},
    "retry_on_log": {"type": "list", "elements": "str", "default": []},
    "owner": {"type": "str", "default": "1000:1000"},
}


def wanted_copy(params: dict[str, Any]) -> WantedCopy:
    return WantedCopy(
        app=params["app"],
        definition=params["definition"],
        token_env=params["token_env"],
        owner=params["owner"],
        wait_timeout=params["wait_timeout"],
        retry_on_log=tuple(params["retry_on_log"]),
    )


def connections(params: dict[str, Any], context: Context) -> Connections:
    """Without the app's lock: what is changed is in another app."""
    api = MachinesApi(transport(params, context, params["machines_url"]))
    return Connections(api, connect_platform(params, context), context)
