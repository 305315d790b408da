"""What there is on the platform, read behind the API: for comparing, so without ids and times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.platform import Platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.client import wireguard
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.releases import ID_KEY, VERSION_KEY
from ansible_collections.openclaw.fly.plugins.module_utils._fly.secrets.applied import KEY as SECRETS_KEY
from ansible_collections.openclaw.fly.plugins.module_utils._fly.secrets.ledger import KEY as LEDGER
from ansible_collections.openclaw.fly.plugins.module_utils._fly.volumes.restoring import KEPT, RESTORED

GONE = ("pending_destroy", "destroyed")


def truth(fly: Platform, app: str) -> Any:
    """An app as it is, comparable with one that came about another way. Secrets have their values."""
    fly.until(lambda: not (found := fly.app(app)) or not found.deleting)
    found = fly.app(app)
    if found is None:
        return None
    return {
        "secrets": {name: secret.value for name, secret in found.secrets.items()},
        "ips": sorted(address.kind for address in found.ips),
        "volumes": sorted(
            (v.name, v.region, v.size_gb, v.snapshot_retention, v.auto_backup_enabled, bool(v.attached_machine_id))
            for v in found.volumes.values()
            if v.state not in GONE
        ),
        "snapshots": sorted(len(v.snapshots) for v in found.volumes.values() if v.state not in GONE),
        "hostnames": {
            name.replace(app, "APP"): (host.acme_requested, host.custom is not None)
            for name, host in found.hostnames.items()
        },
        "tokens": sum(
            token.apps == [app] and token.revoked_at is None
            for token in fly.context.store.organization("personal").tokens.values()
        ),
        "peer": app in fly.context.store.organization("personal").peers,
        "files": {path.name: _content(path) for path in sorted(folder(fly, app).iterdir())},
        "machines": sorted(
            (_machine(machine.config, app) | {"state": machine.state, "cordoned": machine.cordoned}
             for machine in found.live_machines()),
            key=str,
        ),
        "releases": {
            machine.config["metadata"].get(ID_KEY) in [None, *(release.id for release in found.releases)]
            for machine in found.live_machines()
        },
    }  # fmt: skip


def volumes(fly: Platform, app: str) -> set[str]:
    """The ids of all volumes that hold data."""
    found = fly.app(app)
    return {volume.id for volume in found.volumes.values() if volume.state not in GONE} if found else set()


def folder(fly: Platform, app: str) -> Path:
    """Where the tasks of this app's case keep their files."""
    path: Path = fly.context.settings.state_dir / "files" / app
    path.mkdir(parents=True, exist_ok=True)
    return path


def _content(path: Path) -> tuple[str, str]:
    """Its mode, and what it is: a wg-quick file that is whole, a token, or the text itself."""
    text = path.read_text()
    if text.startswith("[Interface]"):
        text = f"wg-quick {bool(wireguard.address_of(text))}"
    if text.startswith("FlyV1 "):
        text = "a token"
    return f"{path.stat().st_mode & 0o777:o}", text


def first_volume(fly: Platform, app: str) -> str:
    """The id of the oldest volume."""
    found = fly.app(app)
    assert found
    return min(found.volumes.values(), key=lambda volume: volume.created_at).id


def first_snapshot(fly: Platform, app: str) -> str:
    """The id of the oldest snapshot of the oldest volume."""
    found = fly.app(app)
    assert found
    return found.volumes[first_volume(fly, app)].snapshots[0].id


def _machine(config: dict[str, Any], app: str) -> dict[str, Any]:
    metadata = {
        key: "noted" if key in (SECRETS_KEY, ID_KEY, VERSION_KEY, RESTORED, KEPT) else value
        for key, value in config.get("metadata", {}).items()
        if key != LEDGER  # what we know, not what is
    }
    mounts = [{**mount, "volume": "one"} for mount in config.get("mounts", [])]
    return {**config, "metadata": metadata, "mounts": mounts}
