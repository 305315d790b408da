"""/api/v1: organisations, releases and builds, as deploys tell of them."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.client import App, Client


def release(app: App, **fields: Any) -> dict[str, Any]:
    body = {"app_name": app.name, "build_id": 1, "definition": {"app": app.name}, "image": "image:1",
            "strategy": "ROLLING", **fields}  # fmt: skip
    answer = app.client.post("/api/v1/releases", body)
    assert answer.status == 201, answer.text
    return dict(answer.json["release"])


def test_organizations(fly: Client) -> None:
    found = fly.get("/api/v1/organizations?admin=false").json["organizations"]
    assert {org["slug"]: org["personal"] for org in found} == {"personal": True, "acme": False}
    acme = fly.get("/api/v1/organizations/acme").json["organization"]
    assert (acme["name"], acme["billing_status"], type(acme["internal_numeric_id"])) == ("Acme", "CURRENT", int)
    assert fly.get("/api/v1/organizations/nobody").status == 404
    assert fly.request("GET", "/api/v1/organizations/personal", token="Bearer other-org").status == 403
    assert fly.request("GET", "/api/v1/organizations", token="Bearer fm2_one").status == 403
    assert fly.request("GET", "/api/v1/organizations", token="Bearer wrong").status == 401


def test_a_release_from_announcement_to_end(app: App) -> None:
    assert app.client.get(f"/api/v1/apps/{app.name}/releases/current").status == 404
    first = release(app)
    assert (first["version"], first["status"], first["in_progress"], first["stable"]) == (1, "pending", True, False)
    path = f"/api/v1/releases/{first['id']}"
    assert app.client.request("PATCH", path, {"status": "running", "metadata": None}).json["status"] == "running"
    ended = app.client.request("PATCH", path, {"status": "complete", "metadata": {"a": 1}}).json
    assert (ended["stable"], ended["in_progress"]) == (True, False)
    second = release(app, image="image:2", strategy="IMMEDIATE")
    listed = app.client.get(f"/api/v1/apps/{app.name}/releases?limit=1").json["releases"]
    assert [(item["id"], item["version"], item["image_ref"]) for item in listed] == [(second["id"], 2, "image:2")]
    assert app.client.get(f"/api/v1/apps/{app.name}/releases/current").json["id"] == second["id"]
    assert app.name in app.client.get("/api/v1/releases/all_current").json


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 400, "app_name"),
        ({"app_name": "no-such-app"}, 404, "app not found"),
        ({"app_name": "somebody-elses"}, 403, "unauthorized"),
    ],
)
def test_releases_of_no_app(fly: Client, body: dict[str, Any], status: int, text: str) -> None:
    answer = fly.post("/api/v1/releases", body)
    assert answer.status == status
    assert text in answer.error


def test_bad_releases(app: App) -> None:
    body = {"app_name": app.name, "definition": {}, "image": "image:1", "strategy": "SLOWLY"}
    assert "SLOWLY" in app.client.post("/api/v1/releases", body).error
    assert "image" in app.client.post("/api/v1/releases", {**body, "image": ""}).error
    path = f"/api/v1/releases/{release(app)['id']}"
    assert "well" in app.client.request("PATCH", path, {"status": "well"}).error
    assert app.client.request("PATCH", "/api/v1/releases/none", {"status": "failed"}).status == 404


def test_builds(app: App) -> None:
    build = app.client.post("/api/v1/builds", {"app_name": app.name, "builder_type": "remote"}).json
    assert (type(build["id"]), build["status"]) == (int, "started")
    sent = {"build_id": build["id"], "app_name": app.name, "status": "completed"}
    ended = app.client.post("/api/v1/builds/finish", sent)
    assert (ended.status, ended.json["id"], ended.json["status"]) == (200, build["id"], "completed")
    assert app.client.post("/api/v1/builds/finish", {**sent, "build_id": 10**6}).status == 404
    builder = app.client.post("/api/v1/builds/depot_builder", {"app_name": app.name})
    assert (builder.status, "--image" in builder.error) == (501, True)


def test_a_deploy_token_announces_releases_of_its_app_alone(app: App) -> None:
    token = app.client.post(f"{app.path}/deploy_token", {"expiry": "1h"}).json["token"]
    body = {"definition": {}, "image": "image:1", "strategy": "ROLLING"}
    mine = app.client.request("POST", "/api/v1/releases", {**body, "app_name": app.name}, token)
    assert mine.status == 201
    other = {**body, "app_name": app.client.app().name}
    assert app.client.request("POST", "/api/v1/releases", other, token).status == 403
    assert app.client.request("GET", "/api/v1/organizations/personal", token=token).status == 200


def test_the_journal_names_the_app(app: App) -> None:
    release(app)
    entries = app.client.get(f"/emulator/v1/journal?app={app.name}&kind=write").json["entries"]
    assert [entry["path"] for entry in entries][-1] == "/api/v1/releases"
