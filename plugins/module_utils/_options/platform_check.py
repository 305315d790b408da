# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of `fly_platform_check`, and the check that they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._converge.context import Context
from .._fly.client.auth import authorization
from .._platform_check.check import PlatformCheck, Wanted
from .._platform_check.guard import Guard
from .._platform_check.recording import Recorder
from .._platform_check.wire import GuardedTransport
from .._platform_check.world import Image

CHECK_OPTIONS: dict[str, Any] = {
    "org": {"type": "str", "required": True},
    "consent": {"type": "bool", "default": False},
    "region": {"type": "str", "default": "iad"},
    "image": {"type": "str", "default": "nginx:alpine"},
    "command": {"type": "str", "default": ""},
    "port": {"type": "int", "default": 80},
    "path": {"type": "str", "default": "/"},
    "recording": {"type": "path"},
    "max_minutes": {"type": "int", "default": 40},
    "max_dollars": {"type": "float", "default": 1.0},
    "checks": {"type": "list", "elements": "str", "default": []},
    "slow": {"type": "bool", "default": True},
}


def platform_check(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Run the check, or in check mode return its plan."""
    header = authorization(params["api_token"])
    token = context.secret(header.partition(" ")[2])
    urls = {"machines": params["machines_url"], "api": params["api_url"]}

    def connect(api: str, guard: Guard, recorder: Recorder) -> GuardedTransport:
        return GuardedTransport(
            urls[api], header, guard, recorder, ca_file=params["ca_file"], timeout=params["api_timeout"]
        )

    wanted = Wanted(
        org=params["org"],
        region=params["region"],
        machine=Image(params["image"], params["command"], params["port"], params["path"]),
        consent=params["consent"],
        minutes=params["max_minutes"],
        dollars=params["max_dollars"],
        only=tuple(params["checks"]),
        slow=params["slow"],
    )
    recording = Path(params["recording"]) if params["recording"] else None
    secrets = context.secrets
    secrets |= {part for part in (token, *token.split(",")) if part}
    check = PlatformCheck(wanted, connect, Recorder(None if context.check_mode else recording, secrets), context)
    return {**check.plan(), "changed": True} if context.check_mode else check.run()
