# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that run tunnels in a machine: each program's config, which lets the declared paths through alone.

Keys: cloudflared's ingress rules, ngrok's agent config version 3 and traffic policy, Tailscale's CLI (2026-06). The
configs are written as JSON, which every YAML reader takes, and no name needs quoting by care.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .declared import SECRETS, VOICE_CALL, Tunnel
from .follow import LOOPBACK
from .supervise import SUPERVISE

FOLDER: Final = "/etc/openclaw-tunnels"
ENTRY: Final = f"sh {FOLDER}/supervise"
"""What stands before the gateway's own command in fly.toml."""


def files(tunnels: Sequence[Tunnel]) -> list[dict[str, str]]:
    """The machine's files, {guest_path, text}; none when nothing runs beside the gateway."""
    needed = [tunnel for tunnel in tunnels if tunnel.kind != "outbound"]
    if not needed:
        return []
    found = {"supervise": SUPERVISE, "gateway": "\n".join(["# What the gateway has of the tunnels.", *_inside(needed)])}
    for tunnel in needed:
        name = f"{tunnel.kind}-{tunnel.hostname}"
        if tunnel.kind == "cloudflared":
            found[f"{name}.yml"] = _json(_cloudflared(tunnel))
        elif tunnel.kind == "ngrok" and tunnel.run_by == "process":
            found[f"{name}.yml"] = _json(_ngrok(tunnel))
        elif tunnel.kind == "ngrok":
            found[f"{name}.policy.yml"] = _json(_policy(tunnel))
        if tunnel.run_by == "process" or tunnel.kind == "tailscale":
            found[f"{name}.tunnel"] = _lines(_RUN[tunnel.kind](tunnel, name))
    return [{"guest_path": f"{FOLDER}/{name}", "text": f"{text.rstrip()}\n"} for name, text in found.items()]


def _cloudflared(tunnel: Tunnel) -> dict[str, object]:
    """The first rule that fits is taken; what fits none ends at the last."""
    paths = {} if tunnel.everything else {"path": tunnel.pattern}
    return {
        "tunnel": tunnel.id,
        "no-autoupdate": True,
        "metrics": f"{LOOPBACK}:0",
        "ingress": [
            {"hostname": tunnel.hostname, **paths, "service": f"http://{LOOPBACK}:{tunnel.port}"},
            {"service": "http_status:404"},
        ],
    }


def _ngrok(tunnel: Tunnel) -> dict[str, object]:
    endpoint: dict[str, object] = {
        "name": "gateway",
        "url": f"https://{tunnel.hostname}",
        "upstream": {"url": f"http://{LOOPBACK}:{tunnel.port}"},
    }
    if policy := _policy(tunnel):
        endpoint["traffic_policy"] = policy
    agent = {"web_addr": False, "remote_management": False, "update_check": False, "console_ui": False, "log": "stdout"}
    return {"version": 3, "agent": agent, "endpoints": [endpoint]}


def _policy(tunnel: Tunnel) -> dict[str, object]:
    """ngrok's edge itself refuses what is not declared."""
    if tunnel.everything:
        return {}
    deny = {"type": "deny", "config": {"status_code": 404}}
    return {"on_http_request": [{"expressions": [f"!req.url.path.matches('{tunnel.pattern}')"], "actions": [deny]}]}


def _run_cloudflared(tunnel: Tunnel, name: str) -> Iterator[str]:
    yield f"only {SECRETS[tunnel.kind]} {tunnel.secret}"
    yield f'exec {tunnel.program} tunnel --config "$here/{name}.yml" run'


def _run_ngrok(tunnel: Tunnel, name: str) -> Iterator[str]:
    yield f"only {SECRETS[tunnel.kind]} {tunnel.secret}"
    yield f'exec {tunnel.program} start --all --config "$here/{name}.yml"'


def _run_tailscale(tunnel: Tunnel, name: str) -> Iterator[str]:
    """A node without a tun device. Its identity is on the volume, so that a new machine is the same node."""
    yield f"only {SECRETS[tunnel.kind]} {tunnel.secret}"
    yield f'hide {SECRETS[tunnel.kind]} "$work/tailscale.key"'
    yield "state=$OPENCLAW_STATE_DIR/.tailscale socket=$work/tailscaled.sock"
    yield '(umask 077; mkdir -p "$state")'
    yield 'rm -f "$socket"'
    yield f'{tunnel.program}d --tun=userspace-networking --statedir="$state" --socket="$socket" &'
    yield "daemon=$!"
    yield """trap 'kill "$daemon" 2>/dev/null; exit' TERM"""
    yield f'ts() {{ {tunnel.program} --socket="$socket" "$@"; }}'
    yield """give_up() { kill "$daemon" 2>/dev/null; exit 1; }"""
    yield 'until [ -S "$socket" ]; do kill -0 "$daemon" 2>/dev/null || exit 1; sleep 0.2; done'
    host = tunnel.hostname.partition(".")[0]
    yield f'ts up --auth-key="file:$work/tailscale.key" --hostname={host} --accept-dns=false --timeout=60s || give_up'
    if tunnel.run_by == "process":
        yield "ts serve reset || give_up"
        for path in tunnel.paths:
            mount = path.removesuffix("*")
            target = f"http://{LOOPBACK}:{tunnel.port}{mount}"
            yield f"ts {tunnel.mode} --bg --yes --https=443 --set-path={mount} {target} || give_up"
    yield 'wait "$daemon"'


_RUN = {"cloudflared": _run_cloudflared, "ngrok": _run_ngrok, "tailscale": _run_tailscale}


def _inside(tunnels: Iterable[Tunnel]) -> Iterator[str]:
    """A tunnel's secret is not the gateway's; what starts ngrok or tailscale itself finds it by a wrapper."""
    for tunnel in tunnels:
        if tunnel.kind == "ngrok" and tunnel.run_by == VOICE_CALL:
            yield from _ngrok_of_the_plugin(tunnel)
        else:
            yield f"unset {tunnel.secret}"
        if tunnel.kind == "tailscale" and tunnel.run_by != "process":
            yield f"""wrap tailscale "exec {tunnel.program} --socket '$work/tailscaled.sock' \\"\\$@\\"\""""


def _ngrok_of_the_plugin(tunnel: Tunnel) -> Iterator[str]:
    """The plugin would give the token to ngrok as an argument, and no policy."""
    policy = f"'$here/ngrok-{tunnel.hostname}.policy.yml'"
    yield f'hide {tunnel.secret} "$work/ngrok"'
    yield "wrap ngrok \"read -r NGROK_AUTHTOKEN <'$work/ngrok'; export NGROK_AUTHTOKEN"
    if not tunnel.everything:
        yield f'[ \\"\\$1\\" != http ] || set -- \\"\\$@\\" --traffic-policy-file {policy}'
    yield f'exec {tunnel.program} \\"\\$@\\""'


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
