"""What the modules send, and what they are answered, is what Fly.io's own documents describe.

The documents lie beside the repository; without them these tests are skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
from faults.matrix import begin, run
from faults.scenarios import SCENARIOS, Scenario
from graphql import GraphQLSchema, build_schema, parse, validate
from support.contracts import GRAPHQL, OPENAPI, missing
from support.platform import Platform, platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.transport import Transport

# Known differences between the document (2026-05) and the wire, each with its source.
UNDESCRIBED_ANSWERS = {
    "POST /apps/{app_name}/machines/{machine_id}/lease": "the wire has an envelope (flyctl's MachineLease)",
    "GET /apps/{app_name}/machines/{machine_id}/lease": "the wire has an envelope (flyctl's MachineLease)",
    "POST /apps/{app_name}/deploy_token": "the document shows an app; the wire is {token}",
}
UNDESCRIBED_STATUSES = {
    401, 403, 404, 408, 409, 412, 422, 429,  # errors have one body for all; the document names few
}  # fmt: skip
UNDESCRIBED_QUERIES = {
    "DELETE /apps/{app_name}/machines/{machine_id}": {"force"},
    "GET /apps/{app_name}/machines/{machine_id}/wait": {"instance_id"},
}
UNDESCRIBED_BODY_KEYS = {
    "POST /apps": {"app_name"},  # what older documents say; flyctl sends name
}


@dataclass
class Exchange:
    method: str
    target: str
    body: Any
    status: int
    answer: Any

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


class Contract:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.components = {"components": document["components"]}
        known = [(method.upper(), path) for path, item in document["paths"].items() for method in item]
        self.patterns = {
            key: re.compile("/v1" + re.sub(r"\{[^}]+\}", "[^/]+", key[1]))
            for key in sorted(known, key=lambda key: key[1].count("{"))
        }

    def name(self, exchange: Exchange) -> tuple[str, dict[str, Any]]:
        for (method, path), pattern in self.patterns.items():
            if method == exchange.method and pattern.fullmatch(exchange.path):
                operation: dict[str, Any] = self.document["paths"][path][method.lower()]
                return f"{method} {path}", operation
        raise AssertionError(f"{exchange.method} {exchange.path} is not in the document")

    def check(self, exchange: Exchange) -> str:
        name, operation = self.name(exchange)
        self._check_query(name, operation, exchange)
        self._check_request(name, operation, exchange)
        self._check_answer(name, operation, exchange)
        return name

    def _check_query(self, name: str, operation: dict[str, Any], exchange: Exchange) -> None:
        described = {entry["name"] for entry in operation.get("parameters", []) if entry["in"] == "query"}
        unknown = set(parse_qs(urlsplit(exchange.target).query)) - described - UNDESCRIBED_QUERIES.get(name, set())
        assert not unknown, f"{name}: the document has no query {unknown}"

    def _check_request(self, name: str, operation: dict[str, Any], exchange: Exchange) -> None:
        if exchange.body is None:
            return
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            assert exchange.body == {}, f"{name}: the document has no body"
            return
        self._valid(without_nulls(exchange.body), content["schema"], f"{name} {exchange.body}")
        described = self._keys(content["schema"])
        unknown = set(exchange.body) - described - UNDESCRIBED_BODY_KEYS.get(name, set()) if described else set()
        assert not unknown, f"{name}: the document has no keys {unknown}"

    def _check_answer(self, name: str, operation: dict[str, Any], exchange: Exchange) -> None:
        responses = operation["responses"]
        if str(exchange.status) not in responses:
            assert exchange.status in UNDESCRIBED_STATUSES, f"{name} is not said to answer {exchange.status}"
            return
        for content in (responses[str(exchange.status)].get("content") or {}).values():
            if name not in UNDESCRIBED_ANSWERS:
                self._valid(without_nulls(exchange.answer), content["schema"], f"{name} answered {exchange.answer}")

    def _valid(self, value: Any, schema: dict[str, Any], where: str) -> None:
        try:
            jsonschema.validate(value, {**schema, **self.components})
        except jsonschema.ValidationError as error:
            raise AssertionError(f"{where}: {error.json_path}: {error.message}") from error

    def _keys(self, schema: dict[str, Any]) -> set[str]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        keys = set(schema.get("properties", {}))
        for part in schema.get("allOf", []):
            keys |= self._keys(part)
        return keys


def without_nulls(value: Any) -> Any:
    """Null stands for what is absent, and removes a secret; autostop is read back as a boolean. It says neither."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if v is not None and not (k == "autostop" and isinstance(v, bool))}
        return {key: without_nulls(item) for key, item in kept.items()}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Exchange]]:
    """Everything that all scenarios of the fault matrix send and are answered, undisturbed."""
    seen: list[Exchange] = []
    once = Transport._once

    def noted(self: Transport, method: str, target: str, body: Any, *rest: Any) -> Any:
        answer, retry_after = once(self, method, target, body, *rest)
        seen.append(Exchange(method, target, body, answer.status, answer.body))
        return answer, retry_after

    with platform(tmp_path_factory.mktemp("contract")) as fly, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "_once", noted)
        for scenario in SCENARIOS:
            converge(fly, scenario)
        inform(fly)
        yield seen


def converge(fly: Platform, scenario: Scenario) -> None:
    outcome = run(fly, begin(fly, scenario), scenario.task)
    assert not outcome.failed, outcome


def inform(fly: Platform) -> None:
    """The modules that only read."""
    for module in ("fly_regions_info", "fly_token_info"):
        assert not fly.module(module).failed
    app = next(iter(fly.context.store.apps))
    for module in ("machine", "ips", "secrets", "volume", "certificate"):
        assert not fly.module(f"fly_{module}_info", app=app).failed
    assert not fly.module("fly_app_info", org="personal").failed


@pytest.mark.skipif(not OPENAPI.exists(), reason=missing(OPENAPI))
def test_the_machines_api_is_that_of_the_document(exchanges: list[Exchange]) -> None:
    contract = Contract(json.loads(OPENAPI.read_text()))
    met = {contract.check(exchange) for exchange in exchanges if exchange.path.startswith("/v1/")}
    assert len(met) >= 35, sorted(met)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    if not GRAPHQL.exists():
        pytest.skip(missing(GRAPHQL))
    return build_schema(GRAPHQL.read_text())


def test_the_graphql_operations_fit_the_schema(exchanges: list[Exchange], schema: GraphQLSchema) -> None:
    sent = {exchange.body["query"] for exchange in exchanges if exchange.path == "/graphql"}
    assert len(sent) == 6
    for query in sent:
        assert validate(schema, parse(query)) == []
