"""Releases and builds: what deploys announce. Older flyctl does so here, newer over /api/v1."""

from __future__ import annotations

from typing import Any

from ..errors import not_found
from ..platform import releases
from ..platform.call import Call
from . import access, nodes


def create(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    app = access.find(call, input["app_id"])
    owner, announced = call.caller.owner, (input["definition"], input["image"], input["strategy"])
    release = releases.announce(call.context, app, owner, *announced)
    return {"app": nodes.AppNode(call, app), "release": nodes.ReleaseNode(release)}


def update(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    app, release = releases.find(call.context, input["release_id"])
    releases.update(call.context, call.app(app.name), release, input.get("status"), input.get("metadata"))
    return {"release": nodes.ReleaseNode(release)}


def create_build(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    build = releases.begin_build(call.context, access.find(call, input["app_name"]))
    return {"id": str(build.id), "status": build.status}


def finish_build(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    if not input["build_id"].isdecimal():
        raise not_found("build")
    app = access.find(call, input["app_name"])
    build, took = releases.end_build(call.context, app, int(input["build_id"]), input["status"])
    return {"id": str(build.id), "status": build.status, "wallclockTimeMs": took}
