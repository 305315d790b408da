"""What changes a machine's record and not its process: metadata, cordon, the state of its host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..context import Context
from ..errors import invalid, not_found, precondition
from ..state.model import App, Machine

HOST_STATUSES = ("ok", "unknown", "unreachable")


def cordon(context: Context, app: App, machine: Machine, cordoned: bool) -> None:
    """Whether the proxy leaves it out."""
    with context.store.changing(app):
        machine.cordoned = cordoned


def set_metadata(context: Context, app: App, machine: Machine, values: Mapping[str, Any], whole: bool = False) -> None:
    """Set, or with None or "" remove; with `whole` these replace all. Does not restart the machine."""
    metadata: dict[str, str] = {} if whole else dict(machine.config.get("metadata", {}))
    for key, value in values.items():
        if value in (None, ""):
            metadata.pop(key, None)
        elif isinstance(value, str):
            metadata[key] = value
        else:
            raise invalid(f"metadata {key} must be a string")
    with context.store.changing(app):
        machine.config["metadata"] = metadata
        machine.updated_at = context.clock.now()


def require_version(machine: Machine, expected: object) -> None:
    if expected and expected != machine.current.version:
        raise precondition(f"machine version {expected} is not {machine.current.version}")


def set_host_status(context: Context, identity: str, status: object) -> None:
    """Change what no API of Fly's can: a host that is gone."""
    if not isinstance(status, str) or status not in HOST_STATUSES:
        raise invalid("host_status must be ok, unknown or unreachable")
    for app, machine in context.store.machines():
        if machine.id == identity:
            with context.store.changing(app):
                machine.host_status = status
            return
    raise not_found("machine")
