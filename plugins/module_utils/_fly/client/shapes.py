# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check a decoded answer against a type, where it enters."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from ..._base import clock
from ..._base.printable import one_line

T = TypeVar("T")
_Check = Callable[[object, str], None]
_NAMES = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false"}


class Mismatch(Exception):
    """The value is of another shape; the text says where and how."""


def typed(shape: type[T], value: Any) -> T:
    """Return the value as `shape` (a TypedDict, or a list or dict of it). Raises `Mismatch`."""
    _check(shape)(value, "")
    result: T = value
    return result


def moment(value: Any, at: str) -> None:
    """The check of a time in ISO 8601; an empty one is none."""
    _check(str)(value, at)
    try:
        clock.parse(value) if value else None
    except ValueError:
        raise Mismatch(f"{at.lstrip('.')} is no time: {one_line(value, 40)!r}") from None


def typed_list(item: type[T], value: Any) -> list[T]:
    """Return the value as a list of `item`; null is an empty one, as Go writes it. Raises `Mismatch`."""
    if value is None:
        return []
    _list(_check(item))(value, "")
    result: list[T] = value
    return result


_MADE: dict[object, _Check] = {}


def _check(shape: object) -> _Check:
    """The check of a type, made once for each."""
    if shape not in _MADE:
        _MADE[shape] = _make(shape)
    return _MADE[shape]


def _make(shape: Any) -> _Check:
    origin, arguments = typing.get_origin(shape), typing.get_args(shape)
    if shape is Any:
        return lambda value, at: None
    if origin is typing.Annotated:
        return arguments[1] if isinstance(arguments[1], types.FunctionType) else _check(arguments[1])
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin is list:
        return _list(_check(arguments[0]))
    if origin is dict:
        return _dict(_check(arguments[1]))
    if typing.is_typeddict(shape):
        return _table(shape)
    return _plain(shape)


def _plain(kind: type) -> _Check:
    def check(value: object, at: str) -> None:
        fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if not fits and not (kind is int and isinstance(value, float) and value.is_integer()):
            raise Mismatch(_said(at, _NAMES.get(kind, kind.__name__), value))

    return check


def _union(kinds: tuple[object, ...]) -> _Check:
    checks = [_check(kind) for kind in kinds if kind is not types.NoneType]
    nullable = types.NoneType in kinds

    def check(value: object, at: str) -> None:
        if value is None and nullable:
            return
        for number, each in enumerate(checks, 1):
            try:
                each(value, at)
                return
            except Mismatch:
                if number == len(checks):
                    raise

    return check


def _list(item: _Check) -> _Check:
    def check(value: object, at: str) -> None:
        if not isinstance(value, list):
            raise Mismatch(_said(at, "a list", value))
        for number, each in enumerate(value):
            item(each, f"{at}[{number}]")

    return check


def _dict(item: _Check) -> _Check:
    def check(value: object, at: str) -> None:
        if not isinstance(value, dict):
            raise Mismatch(_said(at, "an object", value))
        for key, each in value.items():
            item(each, f"{at}.{key}")

    return check


def _table(shape: object) -> _Check:
    hints = typing.get_type_hints(shape, include_extras=True)
    required = {key for key, hint in hints.items() if typing.get_origin(hint) is typing.Required}
    fields = {key: _check(typing.get_args(hint)[0] if key in required else hint) for key, hint in hints.items()}

    def check(value: object, at: str) -> None:
        if not isinstance(value, dict):
            raise Mismatch(_said(at, "an object", value))
        for key, field in fields.items():
            if key in required and value.get(key) is None:
                raise Mismatch(f"{f'{at}.{key}'.lstrip('.')} is missing")
            if value.get(key) is not None:
                field(value[key], f"{at}.{key}")

    return check


def _said(at: str, wanted: str, value: object) -> str:
    found = "nothing" if value is None else _NAMES.get(type(value), type(value).__name__)
    return f"{at.lstrip('.') or 'the answer'} is {found} instead of {wanted}"
