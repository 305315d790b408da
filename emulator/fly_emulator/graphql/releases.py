"""Releases and builds: what deploys announce. Older flyctl does so here, newer over /api/v1."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..api.errors import not_found
from ..releases import announce, begin_build, end_build, find, settle
from . import access, nodes


def create(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    app = access.find(request, input["app_id"])
    release = announce(request, app, input["definition"], input["image"], input["strategy"])
    return {"app": nodes.AppNode(request, app), "release": nodes.ReleaseNode(release)}


def update(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    app, release = find(request, input["release_id"])
    settle(request, app, release, input.get("status"), input.get("metadata"))
    return {"release": nodes.ReleaseNode(release)}


def create_build(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    build = begin_build(request, access.find(request, input["app_name"]))
    return {"id": str(build.id), "status": build.status}


def finish_build(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    if not input["build_id"].isdecimal():
        raise not_found("build")
    build, took = end_build(request, access.find(request, input["app_name"]), int(input["build_id"]), input["status"])
    return {"id": str(build.id), "status": build.status, "wallclockTimeMs": took}
