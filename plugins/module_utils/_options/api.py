# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every Fly.io module has, and the APIs they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible.module_utils.basic import env_fallback

from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.client.auth import authorization
from .._fly.client.releases import ReleasesApi
from .._fly.client.remembering import RememberingTransport
from .._fly.client.transport import Transport
from .._fly.machines.run_lock import Owner, RunLock

API_OPTIONS: dict[str, Any] = {
    "api_token": {
        "type": "str",
        "no_log": True,
        "fallback": (env_fallback, ["FLY_ACCESS_TOKEN", "FLY_API_TOKEN"]),
    },
    "machines_url": {
        "type": "str",
        "default": "https://api.machines.dev",
        "fallback": (env_fallback, ["FLY_FLAPS_BASE_URL"]),
    },
    "api_url": {
        "type": "str",
        "default": "https://api.fly.io",
        "fallback": (env_fallback, ["FLY_API_BASE_URL"]),
    },
    "ca_file": {"type": "path", "fallback": (env_fallback, ["FLY_CA_FILE"])},
    "api_timeout": {"type": "float", "default": 30.0},
    "api_retries": {"type": "int", "default": 5},
    "lock": {"type": "str", "choices": ["task", "run"], "default": "task"},
    "lock_timeout": {"type": "float", "default": 600.0},
}
"""Documented in the doc fragment `openclaw.fly.api`."""


def connect(params: dict[str, Any], context: Context) -> MachinesApi:
    """The Machines API; what changes the app that the task names does so under the app's lock."""
    api = MachinesApi(transport(params, context, params["machines_url"]))
    if app := params.get("app"):
        lock = run_lock(api, str(app), params, context)
        context.exclusive, api.before_down, api.after_up = lock, lock.leave, lock.follow
    return api


def run_lock(api: MachinesApi, app: str, params: dict[str, Any], context: Context) -> RunLock:
    """The app's lock for this task, or for the whole run if the run has a folder to note in that it holds it."""
    whole_run = params["lock"] == "run" and context.run_folder
    note = Path(context.run_folder, f"openclaw-lock-{quote(app, safe='')}") if whole_run else None
    owner = Owner(context.run_id, context.run_name, note)
    return RunLock(api, app, owner, params["lock_timeout"], context.progress)


def connect_platform(params: dict[str, Any], context: Context) -> PlatformApi:
    return PlatformApi(transport(params, context, params["api_url"]))


def connect_deploys(params: dict[str, Any], context: Context) -> tuple[PlatformApi, ReleasesApi]:
    """What a deploy needs of the older API, over one connection."""
    http = transport(params, context, params["api_url"])
    return PlatformApi(http), ReleasesApi(http)


def transport(params: dict[str, Any], context: Context, url: str) -> Transport:
    if params["api_timeout"] <= 0 or params["api_retries"] < 0:
        raise CollectionError(
            f"api_timeout {params['api_timeout']:g} with api_retries {params['api_retries']} cannot be used",
            todo="Give api_timeout more than 0 seconds and api_retries 0 or more",
        )
    header = authorization(params["api_token"])
    context.secret(header.partition(" ")[2])
    options = {"ca_file": params["ca_file"], "timeout": params["api_timeout"], "retries": params["api_retries"]}
    if context.connections is None:
        return Transport(url, header, **options)
    key = (url, header, *options.values())
    shared: Transport = context.connections.setdefault(key, RememberingTransport(url, header, **options))
    return shared
