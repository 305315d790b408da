"""The schema with its scalars, and how a field finds its value."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
)

from .. import durations

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@cache
def schema() -> GraphQLSchema:
    """Arguments and input fields reach Python in snake_case."""
    text = resources.files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8")
    built = build_schema(text)
    for kind in built.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for name, field in kind.fields.items():
                field.out_name = snake(name)
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for defined in kind.fields.values():
                for name, argument in defined.args.items():
                    argument.out_name = snake(name)
    # graphql-core's own way to give a scalar of a schema in text its form.
    _scalar(built, "BigInt").serialize = str  # type: ignore[method-assign,assignment]  # as above
    _scalar(built, "ISO8601DateTime").serialize = durations.rfc3339  # type: ignore[method-assign,assignment]  # as above
    return built


def snake(name: str) -> str:
    return _CAPITAL.sub("_", name).lower()


def resolve_field(source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
    """A dictionary has its fields by their names; a node by attributes and methods, which are given the call."""
    name = info.field_name
    value = source.get(name) if isinstance(source, dict) else getattr(source, snake(name))
    return value(info.context, **args) if callable(value) else value


def resolve_type(value: Any, *_: Any) -> str:
    return str(value.typename)


def _scalar(built: GraphQLSchema, name: str) -> GraphQLScalarType:
    found = built.type_map[name]
    assert isinstance(found, GraphQLScalarType)
    return found
