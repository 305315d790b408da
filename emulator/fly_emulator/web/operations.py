"""What a request to /graphql asks for, read without running it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode, parse

APP_VARIABLES = ("appName", "appId", "name")


@dataclass(frozen=True)
class Operation:
    """For the journal and for faults; never a value of a variable but the app's name."""

    kind: str
    """read or write."""
    name: str
    """"query app", "mutation allocateIpAddress": the operation and its top fields."""
    app: str


@lru_cache(maxsize=256)
def parsed(query: str) -> DocumentNode:
    """Raises GraphQLError."""
    return parse(query)


def describe(body: bytes) -> Operation:
    """Tell what a request's body asks for; one that cannot be read is a read of nothing."""
    try:
        sent = json.loads(body)
        definition = chosen(parsed(sent["query"]), sent.get("operationName"))
        variables = sent.get("variables") or {}
    except (ValueError, KeyError, TypeError, AttributeError, GraphQLError):
        return Operation("read", "unreadable", "")
    if definition is None:
        return Operation("read", "unreadable", "")
    fields = [field.name.value for field in definition.selection_set.selections if isinstance(field, FieldNode)]
    operation = definition.operation.value
    kind = "write" if operation == "mutation" else "read"
    return Operation(kind, " ".join([operation, *dict.fromkeys(fields)]), _app(fields, variables))


def chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation to run: the one of that name, or the only one."""
    found = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    if name:
        found = [item for item in found if item.name is not None and item.name.value == name]
    return found[0] if len(found) == 1 else None


def _app(fields: list[str], variables: dict[str, Any]) -> str:
    given = variables.get("input")
    for source in (variables, given if isinstance(given, dict) else {}):
        for key in APP_VARIABLES:
            # A `name` is an app's only where an app is asked for.
            if isinstance(source.get(key), str) and (key != "name" or fields[:1] in (["app"], ["createApp"])):
                return str(source[key])
    return ""
