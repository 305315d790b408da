# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person wants to know at the end of a run."""

from __future__ import annotations

import os
from typing import Any

from .._converge.context import Context
from .._fly.facts.guests import guest, monthly_dollars


def recap(params: dict[str, Any], context: Context) -> dict[str, Any]:
    size = guest({"size": params["vm_size"], "memory": params["vm_memory"]}, "vm_size and vm_memory")
    dollars = monthly_dollars(size, params["region"], params["volume_size_gb"], int(params["dedicated_ipv4"]))
    facts = {
        **_access(params),
        **_tunnels(params["tunnels"]),
        "proved": _proved(params["proof"], context.check_mode),
        "runs": f"OpenClaw {params['release']} on {_machines(params)}",
        "costs": f"about {dollars:.2f} USD a month, without traffic and models"
        if dollars
        else "unknown in this region",
        "go on": f"fly deploy -c {_short(params['config_file'])}, or change the inventory and run this again",
    }
    facts_and_todo = [*facts.items(), *(("to do", text) for text in params["todo"])]
    lines = [f"{params['app']} ({params['exposure']})", *(f"  {key:<8}{text}" for key, text in facts_and_todo)]
    for line in lines:
        context.progress(line)
    return {"changed": False, "lines": lines, "monthly_dollars": None if dollars is None else round(dollars, 2)}


def _access(params: dict[str, Any]) -> dict[str, str]:
    token = f"the token is in {_short(params['token_file'])}" if params["token_file"] else "with the gateway's token"
    if params["exposure"] == "sealed":
        return {"open": f"fly ssh console -a {params['app']}; nothing else leads to it"}
    own = f"openclaw.fly.open -l {params['app']} makes a link that lets your browser in, once"
    pair = f"openclaw.fly.pair -l {params['app']} -e wait_for_request=300 approves a browser that logged in"
    if params["exposure"] == "private":
        return {
            "open": f"http://localhost:3000 after: fly proxy 3000:80 {params['app']}.flycast -a {params['app']}",
            "let in": own,
            "log in": token,
            "pair": pair,
        }
    return {"open": params["url"] or "", "let in": own, "log in": token, "pair": pair}


def _tunnels(tunnels: list[dict[str, Any]]) -> dict[str, str]:
    urls = [f"{tunnel['url']}{path}" for tunnel in tunnels for path in tunnel["paths"]]
    return {"tunnel": ", ".join(urls)} if urls else {}


def _proved(proof: dict[str, Any], check_mode: bool) -> str:
    if proof.get("hidden"):
        return "health checks pass; nothing outside leads to it"
    if not proof or not proof.get("started"):
        return "nothing, in check mode" if check_mode else "health checks only; not reached from outside"
    parts = ["started and ready" if proof.get("ready") else "started"]
    if proof.get("unauthenticated_refused"):
        parts.append("unauthenticated clients refused")
    if proof.get("token_accepted"):
        parts.append("token accepted")
    return ", ".join(parts)


def _machines(params: dict[str, Any]) -> str:
    names = ", ".join(f"machine {machine.get('id')} ({machine.get('state')})" for machine in params["machines"])
    return f"{names or 'a machine'}, {params['vm_size']}, {params['vm_memory']}, in {params['region']}"


def _short(path: str | None) -> str:
    """As a person would type it from here."""
    if not path:
        return "fly.toml"
    near = os.path.relpath(path)
    return near if not near.startswith("../..") else os.path.abspath(path)
