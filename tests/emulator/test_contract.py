"""Every answer of the emulator has the shape of Fly's own OpenAPI document, where that document is at hand."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from emulator.client import Client, service
from support.contracts import OPENAPI, missing

DIFFERENT = {
    "POST /apps/{app_name}/machines/{machine_id}/lease": "the wire has an envelope",
    "GET /apps/{app_name}/machines/{machine_id}/lease": "the wire has an envelope",
    "POST /apps/{app_name}/deploy_token": "the document shows an app; the wire is {token}",
}
# Another known difference: the document lists the words of autostop that are sent; read back it is a boolean.


def without_nulls(value: Any) -> Any:
    """Go's JSON has null for what is absent; the document does not say so."""
    if isinstance(value, dict):
        return {
            key: without_nulls(item)
            for key, item in value.items()
            if item is not None and not (key == "autostop" and isinstance(item, bool))
        }
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


BEYOND = {("POST /apps", 422), ("DELETE /apps/{app_name}/volumes/{volume_id}", 412)}
"""Recorded of the platform, though not in the document: superfly/fly-go flaps_error_test, superfly/docs#2226."""


class Contract:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.paths = {
            (method.upper(), path): (re.compile("/v1" + re.sub(r"\{[^}]+\}", "[^/]+", path)), operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }
        self.seen: set[str] = set()

    def check(self, method: str, path: str, status: int, body: Any) -> None:
        fixed = sorted(self.paths, key=lambda key: key[1].count("{"))
        for key in fixed:
            pattern, operation = self.paths[key]
            if key[0] == method and pattern.fullmatch(path):
                name = " ".join(key)
                self.seen.add(name)
                if (name, status) in BEYOND:
                    return
                assert str(status) in operation["responses"], f"{name} is not said to answer {status}"
                content = operation["responses"][str(status)].get("content") or {}
                for described in content.values():
                    if name not in DIFFERENT:
                        schema = {**described["schema"], "components": self.document["components"]}
                        jsonschema.validate(without_nulls(body), schema)
                return
        raise AssertionError(f"{method} {path} is not in the document")


@pytest.mark.skipif(not OPENAPI.exists(), reason=missing(OPENAPI))
def test_the_answers_are_those_of_the_document(fly: Client) -> None:
    contract = Contract(json.loads(OPENAPI.read_text()))

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = fly.request(method, "/v1" + path, body, **headers)
        value = json.loads(answer.text) if answer.text else None
        contract.check(method, ("/v1" + path).partition("?")[0], answer.status, value)
        return value

    call("POST", "/apps", {"name": "contract", "org_slug": "personal"})
    call("POST", "/apps", {"name": "Not A Name", "org_slug": "personal"})
    app = "/apps/contract"
    call("GET", app)
    call("GET", "/apps?org_slug=personal")
    call("POST", f"{app}/deploy_token", {"expiry": "1h"})
    ip = call("POST", f"{app}/ip_assignments", {"type": "private_v6"})["ip"]
    call("GET", f"{app}/ip_assignments")
    call("POST", f"{app}/secrets", {"values": {"A": "b"}})
    call("POST", f"{app}/secrets/B", {"value": "c"})
    call("GET", f"{app}/secrets")
    call("GET", f"{app}/secrets/A")
    volume = call("POST", f"{app}/volumes", {"name": "data", "region": "iad", "size_gb": 1})["id"]
    call("PUT", f"{app}/volumes/{volume}", {"snapshot_retention": 7})
    call("PUT", f"{app}/volumes/{volume}/extend", {"size_gb": 2})
    call("GET", f"{app}/volumes")
    call("GET", f"{app}/volumes/{volume}")
    call("POST", f"{app}/volumes/{volume}/snapshots")
    call("GET", f"{app}/volumes/{volume}/snapshots")
    config = {
        "image": "registry.fly.io/featherweight:1", "env": {"OPENCLAW_GATEWAY_TOKEN": "0" * 32},
        "init": {"cmd": ["node", "dist/index.js", "gateway", "--allow-unconfigured", "--port", "3000",
                         "--bind", "lan"]},
        "mounts": [{"volume": volume, "path": "/data"}], "metadata": {"a": "b"},
        "services": [service(3000, checks=[{"type": "http", "path": "/healthz", "interval": "15s"}])],
        "guest": {"cpu_kind": "shared", "cpus": 2, "memory_mb": 2048},
    }  # fmt: skip
    machine = call("POST", f"{app}/machines", {"name": "gw", "region": "iad", "config": config, "lease_ttl": 30})
    path, nonce = f"{app}/machines/{machine['id']}", {"fly_machine_lease_nonce": machine["nonce"]}
    call("GET", f"{path}/wait?timeout=60")
    call("GET", f"{path}/lease")
    call("POST", f"{path}/lease?ttl=60", **nonce)
    call("POST", path, {"config": config}, **nonce)
    call("POST", path, {"config": {}}, **nonce)
    call("DELETE", f"{path}/lease", **nonce)
    call("GET", f"{path}/wait?timeout=60")
    call("GET", f"{path}/wait?timeout=600")
    for read in ("", "/events", "/versions", "/ps", "/metadata", "/metadata/a"):
        call("GET", path + read)
    call("GET", f"{app}/machines?summary=true")
    call("GET", f"{app}/machines")
    call("POST", f"{path}/exec", {"command": ["true"]})
    call("POST", f"{path}/exec", {"command": []})
    call("POST", f"{path}/metadata/c", {"value": "d"})
    call("PUT", f"{path}/metadata", {"metadata": {"e": "f"}})
    call("PUT", f"{path}/metadata", {"metadata": {}, "machine_version": "x"})
    call("PATCH", f"{path}/metadata", {"metadata": {"e": None}})
    call("DELETE", f"{path}/metadata/c")
    call("POST", f"{path}/cordon")
    call("POST", f"{path}/uncordon")
    call("POST", f"{path}/signal", {"signal": "SIGUSR2"})
    call("GET", f"{path}/wait?timeout=60")
    call("POST", f"{path}/stop", {"timeout": "2s"})
    version = call("GET", path)["instance_id"]
    call("GET", f"{path}/wait?state=stopped&timeout=60&version={version}")
    call("POST", f"{path}/start")
    call("GET", f"{path}/wait?timeout=60")
    call("POST", f"{path}/restart?timeout=1s")
    call("GET", f"{path}/wait?timeout=60")
    call("POST", f"{path}/suspend")
    call("GET", f"{path}/wait?state=suspended&timeout=60")
    call("POST", f"{path}/start")
    call("GET", "/orgs/personal/machines")
    call("GET", "/orgs/personal/volumes")
    call("GET", "/platform/regions")
    call("POST", "/platform/placements", {"org_slug": "personal", "count": 1})
    call("GET", "/tokens/current")
    call("DELETE", f"{path}?force=true")
    call("DELETE", f"{app}/volumes/{volume}")
    call("DELETE", f"{app}/secrets/A")
    call("DELETE", f"{app}/ip_assignments/{ip}")
    call("DELETE", app)
    missing = {
        " ".join(key) for key in contract.paths
        if not re.search(r"certificates|secretkeys|/memory|tokens/(auth|kms|oidc)", key[1])
    } - contract.seen  # fmt: skip
    assert missing == set()
