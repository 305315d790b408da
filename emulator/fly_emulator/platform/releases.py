"""Releases and builds of an app, as clients announce them; the machines know nothing of either."""

from __future__ import annotations

from typing import Any

from .. import ids
from ..context import Context
from ..errors import invalid, not_found
from ..state.model import App, Build, Release

STRATEGIES = ("BLUEGREEN", "CANARY", "IMMEDIATE", "ROLLING", "ROLLING_ONE", "SIMPLE")
STATUSES = ("pending", "running", "complete", "failed", "interrupted")


def announce(context: Context, app: App, user: str, definition: Any, image: Any, strategy: Any) -> Release:
    """Add the next release; raises InvalidArgument."""
    if not isinstance(image, str) or not image:
        raise invalid("image is required")
    if strategy not in STRATEGIES:
        raise invalid(f"strategy must be one of {', '.join(STRATEGIES)}, not {strategy!r}")
    now = context.clock.now()
    release = Release(
        id=ids.node_id(),
        version=app.releases[-1].version + 1 if app.releases else 1,
        status="pending",
        strategy=strategy,
        image=image,
        definition=definition,
        user=user,
        created_at=now,
        updated_at=now,
    )
    with context.store.changing(app):
        app.releases.append(release)
    return release


def find(context: Context, identity: str) -> tuple[App, Release]:
    """A release by its id, and the app that it is of; raises NotFound."""
    for app in context.store.apps.values():
        for release in app.releases:
            if release.id == identity:
                return app, release
    raise not_found("release")


def current(app: App) -> Release:
    if not app.releases:
        raise not_found("release")
    return app.releases[-1]


def update(context: Context, app: App, release: Release, status: Any, metadata: Any) -> None:
    """Note what became of a release; raises InvalidArgument."""
    if status is not None and status not in STATUSES:
        raise invalid(f"status must be one of {', '.join(STATUSES)}, not {status!r}")
    with context.store.changing(app):
        if status is not None:
            release.status = status
        if metadata is not None:
            release.metadata = metadata
        release.updated_at = context.clock.now()


def begin_build(context: Context, app: App) -> Build:
    number = 1 + max((build.id for other in context.store.apps.values() for build in other.builds), default=0)
    build = Build(number, "started", context.clock.now())
    with context.store.changing(app):
        app.builds.append(build)
    return build


def end_build(context: Context, app: App, number: int, status: Any) -> tuple[Build, int]:
    """Note how a build ended; returns it and its milliseconds. Raises PlatformError."""
    if not isinstance(status, str) or not status:
        raise invalid("status is required")
    build = next((build for build in app.builds if build.id == number), None)
    if build is None:
        raise not_found("build")
    with context.store.changing(app):
        build.status = status
    return build, round((context.clock.now() - build.created_at) * 1000)
