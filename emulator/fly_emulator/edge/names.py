"""The names of Fly.io and where they lead: APP.fly.dev for all, .internal and .flycast within a private network.

https://fly.io/docs/networking/private-networking, "Fly.io .internal DNS".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..ids import network_prefix
from ..runtime.sixpn import prefix_of
from ..state.model import App, Machine, WireGuardPeer

PUBLIC_SUFFIX = ".fly.dev"
PRIVATE_SUFFIXES = (".internal", ".flycast")
PUBLIC_KINDS = {"A": ("v4", "shared_v4"), "AAAA": ("v6",)}


class Names:
    def __init__(self, context: Context) -> None:
        self._context = context

    def public(self, name: str, kind: str) -> list[str] | None:
        """The A or AAAA records of APP.fly.dev, or None: an app without a public address has no name."""
        app = self._context.store.apps.get(_bare(name).removesuffix(PUBLIC_SUFFIX))
        if app is None or not _bare(name).endswith(PUBLIC_SUFFIX) or app.address("v4", "v6", "shared_v4") is None:
            return None
        return [ip.ip for ip in app.ips if ip.kind in PUBLIC_KINDS.get(kind, ())]

    def private(self, name: str, kind: str, prefix: str) -> list[str] | None:
        """The AAAA or TXT records of a name in the network of this prefix, or None when there is no such name."""
        name = _bare(name)
        apps = {app.name: app for app in self._apps(prefix)}
        if name.endswith(".flycast"):
            found = self._flycast(name.removesuffix(".flycast"), prefix)
            return (found if kind == "AAAA" else []) if found else None
        if not name.endswith(".internal"):
            return None
        labels = name.removesuffix(".internal").split(".")
        if kind == "TXT":
            return self._texts(labels, apps, prefix)
        if labels[-1] == "_peer":
            addresses = [peer.peerip for peer in self._peers(prefix) if [peer.name.lower()] == labels[:-1]]
        else:
            app = apps.get(labels[-1])
            addresses = [machine.private_ip for machine in _named(app, labels[:-1])] if app else []
        return (addresses if kind == "AAAA" else []) if addresses else None

    def networks(self) -> set[str]:
        """The prefixes of all networks with machines or peers."""
        store = self._context.store
        peers = [peer.peerip for record in store.organizations.values() for peer in record.peers.values()]
        return {prefix_of(address) for address in (*(m.private_ip for _, m in store.machines() if not m.gone), *peers)}

    def _apps(self, prefix: str) -> Iterator[App]:
        for app in self._context.store.apps.values():
            if prefix_of(f"{network_prefix(app.org, app.network)}::") == prefix:
                yield app

    def _peers(self, prefix: str) -> Iterator[WireGuardPeer]:
        for record in self._context.store.organizations.values():
            yield from (peer for peer in record.peers.values() if prefix_of(peer.peerip) == prefix)

    def _flycast(self, app_name: str, prefix: str) -> list[str]:
        app = self._context.store.apps.get(app_name)
        held = app.ips if app else []
        return [ip.ip for ip in held if ip.kind == "private_v6" and prefix_of(ip.ip) == prefix]

    def _texts(self, labels: list[str], apps: dict[str, App], prefix: str) -> list[str] | None:
        match labels:
            case ["_apps"]:
                return [",".join(sorted(name for name, app in apps.items() if _started(app)))]
            case ["_peer"]:
                return [",".join(sorted(peer.name for peer in self._peers(prefix)))]
            case ["_instances"]:
                shown = ((app, machine) for app in apps.values() for machine in _started(app))
                return [f"instance={m.id},app={app.name},ip={m.private_ip},region={m.region}" for app, m in shown]
            case ["vms", name] if name in apps:
                return [",".join(f"{machine.id} {machine.region}" for machine in _started(apps[name]))]
            case ["regions", name] if name in apps:
                return [",".join(sorted({machine.region for machine in _started(apps[name])}))]
        return None


def _bare(name: str) -> str:
    return name.lower().rstrip(".")


def _started(app: App) -> list[Machine]:
    return [machine for machine in app.live_machines() if machine.state == "started"]


def _named(app: App, labels: list[str]) -> list[Machine]:
    """The started machines that the labels before the app's name choose."""
    started = _started(app)
    match labels:
        case [] | ["global"]:
            return started
        case [machine_id, "vm"]:
            return [machine for machine in started if machine.id == machine_id]
        case [group, "process"]:
            return [m for m in started if m.config.get("metadata", {}).get("fly_process_group") == group]
        case [top, "nearest", "of"] if top.removeprefix("top").isdigit():
            return started[: int(top.removeprefix("top"))]
        case [region]:
            return [machine for machine in started if machine.region == region]
    return []
