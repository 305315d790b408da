# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person wants to know at the end of a run."""

from __future__ import annotations

import os
from typing import Any

from .._converge.context import Context
from .._fly.facts.guests import guest, monthly_dollars


def summary(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Print the lines, and return {changed, lines, monthly_dollars}; in check mode those of the plan."""
    size = guest({"size": params["vm_size"], "memory": params["vm_memory"]}, "vm_size and vm_memory")
    dollars = monthly_dollars(size, params["region"], params["volume_size_gb"], int(params["dedicated_ipv4"]))
    costs = f"about {dollars:.2f} USD a month, without traffic and models" if dollars else "unknown in this region"
    if context.check_mode:
        title = f"{params['app']} ({params['exposure']}), if this run were made"
        facts = {"runs": f"OpenClaw {params['release']} on {_size(params)}", "costs": costs}
    else:
        title = f"{params['app']} ({params['exposure']})"
        facts = {**_access(params), **_tunnels(params["tunnels"]), "proved": _proved(params["proof"])}
        facts |= {"runs": f"OpenClaw {params['release']} on {_machines(params)}", "costs": costs}
    lines = [
        title,
        *(f"  {key:<8}{text}" for key, text in [*facts.items(), *(("to do", text) for text in params["todo"])]),
    ]
    for line in lines:
        context.progress(line)
    return {"changed": False, "lines": lines, "monthly_dollars": None if dollars is None else round(dollars, 2)}


def _access(params: dict[str, Any]) -> dict[str, str]:
    app = params["app"]
    if params["exposure"] == "sealed":
        return {"open": f"fly ssh console -a {app}    # nothing else leads to it"}
    token = f"the token is in {_short(params['token_file'])}" if params["token_file"] else "with the gateway's token"
    playbook = params["command"].format
    reach = {"open": params["url"] or ""}
    if params["exposure"] == "private":
        reach = {
            "connect": f"fly proxy 3000:80 {app}.flycast -a {app}",
            "open": "http://localhost:3000    # while fly proxy runs",
        }
    return {
        **reach,
        "log in": f"{playbook('open')} -l {app}    # a link that approves your browser, once",
        "or": token,
        "pair": f"{playbook('pair')} -l {app} -e wait_for_request=300    # approves a browser that logged in by token",
    }


def _tunnels(tunnels: list[dict[str, Any]]) -> dict[str, str]:
    urls = [f"{tunnel['url']}{path}" for tunnel in tunnels for path in tunnel["paths"]]
    return {"tunnel": ", ".join(urls)} if urls else {}


def _proved(proof: dict[str, Any]) -> str:
    if proof.get("hidden"):
        return "health checks pass; nothing outside leads to it"
    if not proof or not proof.get("started"):
        return "health checks only; not reached from outside"
    parts = ["started and ready" if proof.get("ready") else "started"]
    if proof.get("unauthenticated_refused"):
        parts.append("unauthenticated clients refused")
    if proof.get("token_accepted"):
        parts.append("token accepted")
    return ", ".join(parts)


def _machines(params: dict[str, Any]) -> str:
    names = ", ".join(f"machine {machine.get('id')} ({machine.get('state')})" for machine in params["machines"])
    return f"{names or 'a machine'}, {_size(params)}"


def _size(params: dict[str, Any]) -> str:
    return f"{params['vm_size']}, {params['vm_memory']}, in {params['region']}"


def _short(path: str | None) -> str:
    """As a person would type it from here."""
    if not path:
        return "fly.toml"
    near = os.path.relpath(path)
    return near if not near.startswith("../..") else os.path.abspath(path)
