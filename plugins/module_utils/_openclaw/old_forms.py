# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds old forms of keys and retired models in a config, and says what to write instead. Rewrites nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Union

from .old_form_table import OLD_FORMS, OldForm
from .paths import get, matches, nodes, show
from .releases import Release
from .retired_models import replacement

Concrete = tuple[Union[str, int], ...]  # noqa: UP007  ansible-test reads `|` here as an operation

_MODEL_KEYS = frozenset({"model", "primary", "fallbacks", "imageModel", "allow"})
_MODEL_SECTIONS = frozenset({"agents", "hooks", "messages"})


@lru_cache(maxsize=32)
def forms_of(release: Release) -> tuple[OldForm, ...]:
    """The old forms that a release no longer takes as they are, the longest paths first."""
    known = [form for form in OLD_FORMS if release >= Release.parse(form.since)]
    return tuple(sorted(known, key=lambda form: -form.path.count(".")))


def old_forms(config: Mapping[str, object], release: Release) -> Iterator[tuple[Concrete, str]]:
    """What of a config the release would refuse or rewrite: path and remedy, each path once."""
    seen: set[Concrete] = set()
    for form in forms_of(release):
        for path in _found(config, form.path.split(".")):
            if path not in seen and _is_old(form, _at(config, path), path):
                seen.add(path)
                yield path, form.remedy
    for path, value, new in _retired(config, release):
        yield path, f"Write {new}: {value} is retired"


def rewrite_refused(config: dict[str, object], release: Release) -> list[str]:
    """Replace models that the release refuses and yet does not migrate, in place; a line for each."""
    said = []
    for path, value, new in list(_retired(config, release, refused_only=True)):
        _at(config, path[:-1])[path[-1]] = new
        said.append(f"{show(path)}: {value} is now {new}")
    return said


def without_install_records(config: Mapping[str, object], release: Release) -> tuple[Mapping[str, object], list[str]]:
    """The config without the records of installed plugins that older releases kept in it, and a line if there were any.

    A start of the release drops them too, before its migration, which does not know them.
    """
    plugins = config.get("plugins")
    retired = any(form.path == "plugins.installs" for form in forms_of(release))
    if not retired or not isinstance(plugins, Mapping) or "installs" not in plugins:
        return config, []
    kept = {key: value for key, value in plugins.items() if key != "installs"}
    said = "plugins.installs: is removed; openclaw_config_packages installs plugins"
    return {**config, "plugins": kept}, [said]


def _retired(
    config: Mapping[str, object], release: Release, *, refused_only: bool = False
) -> Iterator[tuple[Concrete, str, str]]:
    for path, value in nodes(config):
        words = [part for part in path if isinstance(part, str)]
        if isinstance(value, str) and words and words[0] in _MODEL_SECTIONS and words[-1] in _MODEL_KEYS:
            new = replacement(value, release, refused_only=refused_only)
            if new:
                yield path, value, new


def advice(path: Sequence[str | int], config: Mapping[str, object], release: Release) -> str | None:
    """The remedy for a problem at this path, if it is an old form or lies in or directly above one."""
    for form in forms_of(release):
        keys = form.path.split(".")
        if matches(path, form.path) and _is_old(form, _at(config, path[: len(keys)]), path):
            return form.remedy
    return None


def _is_old(form: OldForm, value: object, path: Sequence[str | int]) -> bool:
    if form.path == "env.*" and path[1:2] in (("vars",), ("shellEnv",), ["vars"], ["shellEnv"]):
        return False
    if form.values and not (isinstance(value, str) and value in form.values):
        return False
    return not form.kinds or _kind(value) in form.kinds


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "object"
    return "list" if isinstance(value, (list, tuple)) else "other"


def _found(node: object, keys: Sequence[str], prefix: Concrete = ()) -> Iterator[Concrete]:
    """Paths that exist and match; a list counts by its indices."""
    if not keys:
        yield prefix
        return
    inner: Sequence[tuple[str | int, object]] = ()
    if isinstance(node, Mapping):
        inner = list(node.items())
    elif isinstance(node, list):
        inner = list(enumerate(node))
    for key, value in inner:
        if keys[0] in ("*", key):
            yield from _found(value, keys[1:], (*prefix, key))


def _at(node: object, path: Sequence[str | int]) -> Any:
    for key in path:
        if isinstance(key, int):
            node = node[key] if isinstance(node, list) and key < len(node) else None
        else:
            node = get(node, key)
    return node
