"""Secrets: values go in, only digests come out."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from ..context import Context
from ..errors import InvalidArgument, invalid, not_found
from ..state.model import App, Secret

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def digest(app: App, value: str) -> str:
    """Stable for a value within an app, and not computable by a client."""
    return hmac.new(app.digest_key.encode(), value.encode(), hashlib.sha256).hexdigest()[:16]


def change(context: Context, app: App, values: Mapping[str, Any]) -> None:
    """Set, or with None delete, all at once; raises InvalidArgument before anything changes."""
    for name, value in values.items():
        if not NAME.fullmatch(name):
            raise invalid(f"secret name {name!r} must be a valid environment variable name")
        if value is not None and not isinstance(value, str):
            raise invalid(f"the value of secret {name} must be a string")
    now = context.clock.now()
    with context.store.changing(app):
        app.secrets_before = {name: secret.value for name, secret in app.secrets.items()}
        app.secrets_changed_at = now
        for name, value in values.items():
            held = app.secrets.get(name)
            if value is None:
                app.secrets.pop(name, None)
            elif held is None:
                app.secrets[name] = Secret(value, digest(app, value), now, now)
            else:
                held.value, held.digest, held.updated_at = value, digest(app, value), now
        app.secrets_version += 1


def find(app: App, name: str) -> Secret:
    if name not in app.secrets:
        raise not_found("secret")
    return app.secrets[name]


def differ(app: App, values: Mapping[str, Any]) -> bool:
    """Whether setting these would change anything."""
    held = {name: secret.value for name, secret in app.secrets.items()}
    return any(held.get(name) != value for name, value in values.items())


def require_version(app: App, wanted: int) -> None:
    """Refuse, as Fly does while a change is on its way, who wants a later version than there is."""
    if wanted > app.secrets_version:
        raise InvalidArgument(
            f"failed_precondition: secrets version {wanted} is not there yet, the app is at {app.secrets_version}"
        )
