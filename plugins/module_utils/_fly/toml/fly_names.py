# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in a fly.toml that Fly.io refuses when they are sent; flyctl's own validation lets them pass."""

from __future__ import annotations

from ..._base.errors import CollectionError
from ..facts import names, regions
from .definition import FlyToml


def app_of(toml: FlyToml, given: str | None) -> str:
    """The app's name, `given` before the one in fly.toml. Raises where neither names one, or Fly.io refuses it."""
    name = given or toml.app
    if not name:
        raise CollectionError("fly.toml names no app", where=toml.where, todo='Write app = "NAME" in it, or give `app`')
    refused = names.app_name(name)
    if refused:
        raise refused.error(f"app {name}", "Fly.io refuses this name")
    return name


def refused_names(toml: FlyToml) -> list[CollectionError]:
    """What Fly.io refuses of the names and the region in it."""
    found = []
    app = names.app_name(toml.app) if toml.app else None
    if app:
        found.append(app.error(f"{toml.where}, app", "Fly.io refuses this name"))
    region = regions.region(toml.region) if toml.region else None
    if region:
        found.append(region.error(f"{toml.where}, primary_region", "nothing can be created there"))
    sources = {str(mount["source"]) for group in toml.groups if (mount := toml.mount(group))}
    for source in sorted(sources):
        volume = names.volume_name(source)
        if volume:
            found.append(volume.error(f"{toml.where}, mounts.source", "Fly.io refuses this name"))
    return found
