"""Apps: their names, their beginning and their end."""

from __future__ import annotations

import asyncio
import re

from .. import ids
from ..context import Context
from ..errors import NameTaken, Unprocessable
from ..machines.fleet import Fleet
from ..state.model import App

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def status(app: App) -> str:
    return "deployed" if app.live_machines() else "pending"


def available(context: Context, name: str) -> bool:
    return name not in context.store.apps and name not in context.settings.foreign_apps


def require_name(name: object) -> str:
    """Refuse what no app can be called."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Unprocessable(
            "Validation failed: Name must have 1 to 63 lowercase letters, digits and dashes, no dash at its ends"
        )
    return name


def create(context: Context, name: object, org: str, network: str = "") -> App:
    """Register an app in an organisation that the caller may act in; raises PlatformError."""
    name = require_name(name)
    if not available(context, name):
        raise NameTaken
    number = max((app.number for app in context.store.apps.values()), default=1000) + 1
    app = App(name=name, id=ids.app_id(), number=number, org=org, network=network, created_at=context.clock.now())
    context.store.add(app)
    return app


def begin_deletion(context: Context, fleet: Fleet, app: App) -> None:
    """Mark the app as going and remove it in the background; after a kill the next start goes on with it."""
    if not app.deleting:
        with context.store.changing(app):
            app.deleting = True
        context.background.spawn(_destroy(context, fleet, app))


async def _destroy(context: Context, fleet: Fleet, app: App) -> None:
    await asyncio.gather(*(fleet.destroy(machine) for machine in app.live_machines()))
    fleet.forget(app)
    await asyncio.to_thread(context.store.remove, app)
    context.logbook.remove(app.name)


def resume(context: Context) -> None:
    """Finish the deletions that a stop interrupted."""
    for app in [app for app in context.store.apps.values() if app.deleting]:
        context.store.remove(app)
