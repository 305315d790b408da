"""Releases and builds of an app, for both APIs that clients announce them by."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import ids
from .api import request as r
from .api.errors import invalid, not_found
from .state.model import App, Build, Release

STRATEGIES = ("BLUEGREEN", "CANARY", "IMMEDIATE", "ROLLING", "ROLLING_ONE", "SIMPLE")
STATUSES = ("pending", "running", "complete", "failed", "interrupted")


def announce(request: web.Request, app: App, definition: Any, image: Any, strategy: Any) -> Release:
    """Add the next release; raises ApiError (400)."""
    if not isinstance(image, str) or not image:
        raise invalid("image is required")
    if strategy not in STRATEGIES:
        raise invalid(f"strategy must be one of {', '.join(STRATEGIES)}, not {strategy!r}")
    shared = r.context(request)
    now = shared.clock.now()
    release = Release(
        id=ids.node_id(),
        version=app.releases[-1].version + 1 if app.releases else 1,
        status="pending",
        strategy=strategy,
        image=image,
        definition=definition,
        user=r.token(request).owner,
        created_at=now,
        updated_at=now,
    )
    app.releases.append(release)
    shared.store.save(app)
    return release


def find(request: web.Request, identity: str) -> tuple[App, Release]:
    """A release that the caller may touch; raises ApiError."""
    for app in r.context(request).store.apps.values():
        for release in app.releases:
            if release.id == identity:
                return r.named_app(request, app.name), release
    raise not_found("release")


def settle(request: web.Request, app: App, release: Release, status: Any, metadata: Any) -> None:
    """Note what became of a release; raises ApiError (400)."""
    if status is not None:
        if status not in STATUSES:
            raise invalid(f"status must be one of {', '.join(STATUSES)}, not {status!r}")
        release.status = status
    if metadata is not None:
        release.metadata = metadata
    release.updated_at = r.context(request).clock.now()
    r.context(request).store.save(app)


def begin_build(request: web.Request, app: App) -> Build:
    shared = r.context(request)
    number = 1 + max((build.id for other in shared.store.apps.values() for build in other.builds), default=0)
    build = Build(number, "started", shared.clock.now())
    app.builds.append(build)
    shared.store.save(app)
    return build


def end_build(request: web.Request, app: App, number: int, status: Any) -> tuple[Build, int]:
    """Note how a build ended; returns it and its milliseconds. Raises ApiError."""
    if not isinstance(status, str) or not status:
        raise invalid("status is required")
    build = next((build for build in app.builds if build.id == number), None)
    if build is None:
        raise not_found("build")
    build.status = status
    shared = r.context(request)
    shared.store.save(app)
    return build, round((shared.clock.now() - build.created_at) * 1000)
