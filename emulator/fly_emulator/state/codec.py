"""Dataclasses to JSON values and back, by their type hints."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")
SCALARS: dict[Any, tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}


def decode(kind: type[T], value: Any) -> T:
    """Build a `kind` from `value`; missing fields take their defaults. Raises ValueError with where it is wrong."""
    return typing.cast(T, _decode(kind, value, ""))


def _decode(hint: Any, value: Any, where: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        return _decode(next(arg for arg in args if arg is not type(None)), value, where)
    if origin is list:
        return [_decode(args[0], item, f"{where}[{index}]") for index, item in enumerate(_as(list, value, where))]
    if origin is dict:
        return {key: _decode(args[1], item, _below(where, key)) for key, item in _as(dict, value, where).items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _record(hint, _as(dict, value, where), where)
    if hint in SCALARS and (not isinstance(value, SCALARS[hint]) or (isinstance(value, bool) and hint is not bool)):
        raise ValueError(f"{where or 'it'} must be {hint.__name__}, not {type(value).__name__}")
    return value


def _record(hint: type, value: dict[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(hint)
    fields = {item.name: item for item in dataclasses.fields(hint)}
    for name, item in fields.items():
        if name not in value and item.default is item.default_factory is dataclasses.MISSING:
            raise ValueError(f"{_below(where, name)} is missing")
    return hint(**{key: _decode(hints[key], item, _below(where, key)) for key, item in value.items() if key in fields})


def _as(kind: type[T], value: Any, where: str) -> T:
    if not isinstance(value, kind):
        name = "an object" if kind is dict else "an array"
        raise ValueError(f"{where or 'it'} must be {name}, not {type(value).__name__}")
    return value


def _below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
