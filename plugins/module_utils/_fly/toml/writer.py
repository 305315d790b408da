# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A definition as the text of a fly.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._base.errors import MissingLibrary


def written(definition: Mapping[str, object], header: str = "") -> str:
    """TOML text with `header` as comment lines; a null is left out, which TOML has no word for.

    :raises MissingLibrary: without tomli-w.
    """
    try:
        import tomli_w
    except ImportError:
        raise MissingLibrary("tomli-w", "writing fly.toml") from None
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    text: str = tomli_w.dumps(_without_nulls(definition), multiline_strings=True)
    return comment + text


def _without_nulls(value: object) -> Any:
    """Plain types, as the writer knows no other: Ansible's texts carry where they came from."""
    if isinstance(value, Mapping):
        return {str(key): _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(inner) for inner in value if inner is not None]
    if isinstance(value, str):
        return str(value)
    return value
