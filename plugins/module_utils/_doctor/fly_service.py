# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about what the machine serves: its command, services and health checks."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from .._fly.machines.services import is_stopped_by_demand
from .._openclaw import process
from .._openclaw.channels import enabled
from .._openclaw.paths import get
from .._openclaw.probes import PROXY_ATTRIBUTION, PROXY_REMEDY
from .._openclaw.problems import Problem
from . import machine_view
from .evidence import Evidence, Unread
from .finding import CRITICAL, INFO, WARNING, finding
from .log_lines import shown

_LAUNCH_PORT = 8080
_SKIP_CHANNELS = "OPENCLAW_SKIP_CHANNELS"
_SHORTEST_GRACE = 60.0
"""Seconds: a boot takes 20 to 90."""
_ADMISSION = ("/healthz", "/startupz", "/health", "/startup")


def _problems(seen: Evidence) -> Iterator[Problem]:
    """What OpenClaw's rules for a process command find in this one."""
    argv = machine_view.argv_of(seen.machine)
    if machine_view.command_of(seen.machine) is None:
        raise Unread(
            "command", f"it does not show how the gateway is started: {shlex.join(argv) or 'as the image has it'}"
        )
    nested = [word for word in argv if " gateway" in word]
    given = seen.env.get("OPENCLAW_GATEWAY_PORT") or ""
    for port in _internal_ports(seen) or [None]:
        yield from process.check(
            nested[-1] if nested else shlex.join(argv),
            port,
            behind_proxy=bool(seen.config.get("services")) and seen.subject.exposure != "sealed",
            env_port=int(given) if given.isdigit() else None,
        )


def _internal_ports(seen: Evidence) -> list[int | None]:
    """Where the services lead that are the gateway's: of several, other ports are other processes'."""
    ports = [service.get("internal_port") for service in seen.config.get("services") or []]
    wanted = machine_view.port_of(seen.machine)
    return [wanted] if wanted in ports else [port for port in ports if port]


def _found(seen: Evidence, *rules: str) -> str | None:
    return "; ".join(dict.fromkeys(found.head for found in _problems(seen) if found.rule in rules)) or None


@finding(
    "fly.port",
    CRITICAL,
    title="Fly.io's proxy leads to a port where nothing listens",
    cause="internal_port in fly.toml differs from --port in the command; after fly launch it is 8080.",
    remedy="Make them equal: fly_app_port sets both",
    source="Issues of flyctl's launch; openclaw#14712",
    apply=True,
)
def port(seen: Evidence) -> str | None:
    return _found(seen, "internal-port")


@finding(
    "fly.bind",
    CRITICAL,
    title="The gateway listens where Fly.io's proxy cannot reach it",
    cause="It starts with --bind loopback, without --bind, or with an address that OpenClaw refuses (0.0.0.0).",
    remedy="Start it with --bind lan: run site.yml",
    source="openclaw#54222, #8641; OpenClaw docs/gateway/configuration-reference.md",
    apply=True,
)
def bind(seen: Evidence) -> str | None:
    return _found(seen, "bind-alias", "bind-loopback", "bind-unknown", "bind-missing")


@finding(
    "fly.launch_leftovers",
    WARNING,
    title="The machine is as fly launch makes it, not as a gateway needs it",
    cause="fly launch overwrites fly.toml: port 8080, autostop, 512 MB or less, no volume.",
    remedy="Run the playbook openclaw.fly.site, or take fly.toml from the guide and deploy again",
    source="openclaw#14712",
)
def launch_leftovers(seen: Evidence) -> str | None:
    services = seen.config.get("services") or []
    signs = {
        f"internal_port {_LAUNCH_PORT}": any(one.get("internal_port") == _LAUNCH_PORT for one in services),
        "no volume": not seen.config.get("mounts"),
        "autostop": any(map(is_stopped_by_demand, services)),
        "no command": not machine_view.argv_of(seen.machine),
    }
    found = [sign for sign, there in signs.items() if there]
    return ", ".join(found) if len(found) > 1 else None


@finding(
    "fly.autostop",
    CRITICAL,
    title="Fly.io stops the gateway when nobody visits it",
    cause="autostop is on. A stopped or suspended gateway runs no cron job and no heartbeat, and its channels drop; "
    "nothing but a visit starts it again.",
    remedy='Set auto_stop_machines = "off" and min_machines_running = 1 in fly.toml (site.yml does)',
    source="kilocode#6741; superfly/docs autostop",
    apply=True,
)
def autostop(seen: Evidence) -> str | None:
    found = [one for one in seen.config.get("services") or [] if is_stopped_by_demand(one)]
    return "; ".join(f"service on {one.get('internal_port')}: autostop {one['autostop']}" for one in found) or None


@finding(
    "fly.no_check",
    WARNING,
    title="Fly.io does not check the gateway's health",
    cause="Without a check a deploy counts as good as soon as the process runs, and requests reach a gateway that "
    "boots.",
    remedy="Add an http check on /healthz (site.yml does)",
    source="superfly/docs health-checks",
    apply=True,
)
def no_check(seen: Evidence) -> str | None:
    return None if machine_view.all_checks(seen.config) else f"machine {seen.machine['id']} has no check"


@finding(
    "fly.check_path",
    WARNING,
    title="The health check asks for more than that the gateway is up",
    cause="/readyz fails when one channel account does, and takes the Control UI down with it; / and unknown paths "
    "answer "
    "200 also while it boots; /v1/chat/completions makes sessions.",
    remedy="Check /healthz (fly_app_check_path)",
    source="openclaw#122477; OpenClaw docs/gateway/health.md",
    apply=True,
)
def check_path(seen: Evidence) -> str | None:
    checks = [check for check in machine_view.all_checks(seen.config) if check.get("type") == "http"]
    wrong = [str(check.get("path") or "/") for check in checks if check.get("path") not in _ADMISSION]
    return ", ".join(dict.fromkeys(wrong)) or None


@finding(
    "fly.check_grace",
    WARNING,
    title="The health check counts before the gateway can have booted",
    cause="A boot takes 20 to 90 seconds; a check that fails before ends a deploy that is fine.",
    remedy='Set grace_period = "2m" or more (fly_app_check_grace_period)',
    source="OpenClaw's own fly.toml; measured boots of 2026.9.6",
    apply=True,
)
def check_grace(seen: Evidence) -> str | None:
    checks = [check for check in machine_view.all_checks(seen.config) if check.get("type") in ("http", "tcp")]
    short = [check for check in checks if machine_view.seconds_of(check.get("grace_period")) < _SHORTEST_GRACE]
    return (
        ", ".join(f"{check.get('path') or check['type']}: {check.get('grace_period') or 'none'}" for check in short)
        or None
    )


@finding(
    "fly.check_fails",
    CRITICAL,
    title="The health check fails",
    cause="The gateway does not answer on the port that is checked: it boots, hangs, or listens elsewhere.",
    remedy="See its log and the other findings",
    source="Machines API",
)
def check_fails(seen: Evidence) -> str | None:
    failing = [one for one in seen.machine.get("checks") or [] if one.get("status") not in (None, "passing")]
    lines = (f"{one.get('name')} is {one['status']}: {shown(str(one.get('output') or 'no output'))}" for one in failing)
    return "; ".join(lines) or None


@finding(
    "fly.check_refused",
    CRITICAL,
    title="The gateway answers the health check with 403",
    cause="Since 2026.8.1 everything but /healthz answers 403 to a checker inside gateway.trustedProxies that sends no "
    "X-Forwarded-For.",
    remedy="Check /healthz (fly_app_check_path), which is answered always",
    source="openclaw#134735; measured with 2026.9.6",
    apply=True,
)
def check_refused(seen: Evidence) -> str | None:
    for one in seen.machine.get("checks") or []:
        output = str(one.get("output") or "")
        if one.get("status") not in (None, "passing") and (PROXY_ATTRIBUTION in output or " 403" in f" {output}"):
            return f"{one.get('name')}: {shown(output)}"
    return None


@finding(
    "fly.gateway_port_env",
    INFO,
    title="Commands in the machine do not find the gateway",
    cause="openclaw in the machine dials port 18789 unless OPENCLAW_GATEWAY_PORT or gateway.port names another one.",
    remedy="Set OPENCLAW_GATEWAY_PORT in [env] (site.yml does)",
    source="Measured with 2026.9.6: ECONNREFUSED 127.0.0.1:18789",
    apply=True,
)
def gateway_port_env(seen: Evidence) -> str | None:
    listens = machine_view.port_of(seen.machine)
    given = seen.env.get("OPENCLAW_GATEWAY_PORT")
    if listens is None or given == str(listens) or (given is None and listens == process.DEFAULT_PORT):
        return None
    return f"it listens on {listens}; OPENCLAW_GATEWAY_PORT is {given or 'not set'}"


@finding(
    "fly.skipped_parts",
    CRITICAL,
    title="Parts of the gateway are switched off in the machine's environment",
    cause="OPENCLAW_SKIP_CHANNELS and OPENCLAW_SKIP_CRON are for drills: the gateway is healthy, and no message comes "
    "in "
    "and no job runs.",
    remedy="Remove the variable from [env], and run site.yml",
    source="Measured drills with 2026.9.6",
    apply=True,
)
def skipped_parts(seen: Evidence) -> str | None:
    found = [name for name, value in seen.env.items() if name.startswith("OPENCLAW_SKIP_") and value not in ("", "0")]
    if _SKIP_CHANNELS in found and not _has_channels(seen):
        found.remove(_SKIP_CHANNELS)
    return ", ".join(found) or None


def _has_channels(seen: Evidence) -> bool:
    """Whether the config enables one; where it cannot be read, it may."""
    try:
        return bool(enabled(seen.openclaw_json))
    except Unread:
        return True


@finding(
    "gateway.proxy_attribution",
    CRITICAL,
    title="Everybody gets 403 from the gateway, and its health check passes",
    cause="Since 2026.8.1 the gateway refuses requests whose proxy is not in gateway.trustedProxies, and requests "
    "through "
    "a trusted one that carry no address of a client.",
    remedy=PROXY_REMEDY,
    source="OpenClaw docs/gateway/trusted-proxy-auth.md; all four combinations measured with 2026.9.6",
    apply=True,
)
def proxy_attribution(seen: Evidence) -> str | None:
    edge = seen.read("edge")
    if edge["status"] == 403 and get(edge["data"], "error", "type") == PROXY_ATTRIBUTION:
        return f"{edge['url']} answers 403, {PROXY_ATTRIBUTION}"
    return None


@finding(
    "fly.edge_unreachable",
    CRITICAL,
    title="Fly.io's proxy does not reach the gateway",
    cause="502 and 503 come from Fly.io's proxy: no machine runs, it boots, or its service leads to the wrong port.",
    remedy="See the findings about the machine and its service",
    source="superfly/docs; measured on the emulator",
)
def edge_unreachable(seen: Evidence) -> str | None:
    edge = seen.read("edge")
    return f"{edge['url']} answers {edge['status']}" if edge["status"] in (502, 503, 504) else None
