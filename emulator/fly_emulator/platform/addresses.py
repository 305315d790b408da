"""An app's addresses.

Public ones come from the ranges for documentation (RFC 5737, RFC 3849): they belong to nobody, so that a client that
connects to one, instead of to the emulator's edge, reaches no stranger.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass

from .. import ids
from ..context import Context
from ..errors import InvalidArgument, NoCapacity, invalid, not_found, not_implemented
from ..state.model import App, IpAssignment

KINDS = ("v4", "v6", "shared_v4", "private_v6")
EGRESS = ("egress_v4", "egress_v6", "egress_pair")
RANGES = {
    "shared_v4": ("192.0.2.0/27",),
    "v4": ("198.51.100.0/24", "192.0.2.128/25"),
    "v6": ("2001:db8:1::/48",),
}
"""Without 203.0.113.0/24 and 2001:db8::/64, where clients stand (`edge.headers`)."""
TRIES = 20


@dataclass(frozen=True)
class NewAddress:
    """What a client asks for; None takes the app's own."""

    kind: object
    region: str | None = None
    network: str | None = None
    org: str | None = None
    service_name: str | None = None


def allocate(context: Context, app: App, wanted: NewAddress) -> IpAssignment:
    """Give the app an address, the one it has for shared_v4; raises PlatformError."""
    kind = wanted.kind
    if kind in EGRESS:
        raise not_implemented(f"ip_assignments type {kind}")
    if not isinstance(kind, str) or kind not in KINDS:
        raise invalid(f"type must be one of {', '.join((*KINDS, *EGRESS))}, not {kind!r}")
    if kind == "shared_v4" and (held := app.address("shared_v4")):
        return held
    if kind == "shared_v4" and app.address("v4"):
        raise invalid("the app has a dedicated IPv4 address: release it before a shared one is allocated")
    private = kind == "private_v6"
    usual = app.network if context.answers["private-network"] == "app" else ""
    org, network = wanted.org or app.org, wanted.network or usual
    network = "" if network == "default" else network
    if private:
        _require_network(context, org, network)
    assignment = IpAssignment(
        ip=ids.flycast_ipv6(org, network) if private else _free(context, kind),
        kind=kind,
        region=wanted.region or "global",
        created_at=context.clock.now(),
        service_name=wanted.service_name or "",
        network=network if private else "",
        org=org if private else "",
    )
    with context.store.changing(app):
        if kind == "v4":  # a dedicated one takes the shared one's place
            app.ips[:] = [ip for ip in app.ips if ip.kind != "shared_v4"]
        app.ips.append(assignment)
    return assignment


def _require_network(context: Context, org: str, network: str) -> None:
    held = {app.network for app in context.store.apps.values() if app.org == org} | {"", "default"}
    if org not in context.settings.org_slugs or network not in held:
        raise InvalidArgument("network not found")


def _free(context: Context, kind: str) -> str:
    """An address that no app has; a shared one has many apps."""
    ranges = [ipaddress.ip_network(text) for text in RANGES[kind]]
    taken = {ip.ip for app in context.store.apps.values() for ip in app.ips}
    for _ in range(TRIES):
        chosen = secrets.choice(ranges)
        address = str(chosen[secrets.randbelow(chosen.num_addresses - 2) + 1])
        if kind == "shared_v4" or address not in taken:
            return address
    free = [str(ip) for network in ranges if network.version == 4 for ip in network.hosts() if str(ip) not in taken]
    if not free:
        raise NoCapacity(f"the emulator has no {kind} address left: release one, or use shared_v4")
    return free[0]


def release(context: Context, app: App, address: str) -> None:
    """Take the address from the app; raises NotFound."""
    held = next((ip for ip in app.ips if ip.ip == address), None)
    if held is None:
        raise not_found("ip assignment")
    with context.store.changing(app):
        app.ips.remove(held)
