"""Releases and builds: what deploys announce. Older flyctl does so here, newer over /api/v1."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..api.errors import not_found
from ..releases import announce, begin_build, end_build, find, settle
from ..state.model import Release
from . import apps
from .organizations import UserNode


class ReleaseNode:
    """A release, as Release and as ReleaseUnprocessed."""

    evaluation_id = None
    reason = ""

    def __init__(self, release: Release) -> None:
        self.id, self.version, self.status = release.id, release.version, release.status
        self.metadata = release.metadata
        self.created_at, self.updated_at = release.created_at, release.updated_at
        self.image_ref, self.config_definition = release.image, release.definition
        self.deployment_strategy, self.in_progress = release.strategy, release.in_progress
        self.stable = release.status == "complete"
        self.description = "Release"
        self.user = UserNode(release.user)


def create(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    app = apps.find(request, input["app_id"])
    release = announce(request, app, input["definition"], input["image"], input["strategy"])
    return {"app": apps.AppNode(request, app), "release": ReleaseNode(release)}


def update(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    app, release = find(request, input["release_id"])
    settle(request, app, release, input.get("status"), input.get("metadata"))
    return {"release": ReleaseNode(release)}


def create_build(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    build = begin_build(request, apps.find(request, input["app_name"]))
    return {"id": str(build.id), "status": build.status}


def finish_build(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    if not input["build_id"].isdecimal():
        raise not_found("build")
    build, took = end_build(request, apps.find(request, input["app_name"]), int(input["build_id"]), input["status"])
    return {"id": str(build.id), "status": build.status, "wallclockTimeMs": took}
