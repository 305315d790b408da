# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's own JSON Schema (``openclaw config schema``, draft-07), made usable outside Node, and fast.

The schema of 2026.9.6 has 2.4 MB, of which a config touches a few percent. It is therefore kept as parts: a
skeleton with every key, and one part for each top-level section, channel and plugin. Only the parts that a
config uses are parsed. CPU measured: prepare 31 ms, import jsonschema 48 ms, both once; load 5 ms; validate the
guide's config 3 ms at first, 1 ms again.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final

from .._base.files import write_file
from .errors import MissingLibrary, SchemaUnusable
from .paths import show
from .problems import Problem
from .releases import Release
from .schema_errors import nearest, problems_of

Parts = dict[tuple[str, ...], str]

INCLUDE: Final = "$include"

# Objects of which each key becomes a part of its own.
_SPLIT: Final = ((), ("channels",), ("plugins", "entries"))
_SPLIT_OR_ABOVE: Final = frozenset(path[:end] for path in _SPLIT for end in range(len(path) + 1))
# Annotations; titles and descriptions are half of the file.
_DROPPED: Final = frozenset({"title", "description", "$schema", "$id", "examples", "format", "deprecated"})
# Regular expressions that Python's re lacks: \p{...}.
_UNSUPPORTED_PATTERN: Final = "\\p{"


@dataclass(slots=True)
class Schema:
    """A prepared schema. Parts are parsed when a config first needs them, and kept.

    :param parts: JSON text by path; the part ``()`` is the skeleton.
    """

    release: Release
    parts: Parts
    _parsed: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def part(self, path: tuple[str, ...]) -> Any:
        if path not in self._parsed:
            self._parsed[path] = json.loads(self.parts[path])
        return self._parsed[path]

    def for_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON Schema that judges this config as the whole one would, built from the parts it uses."""
        skeleton: dict[str, Any] = self.part(())
        return self._assemble(skeleton, config, ())

    def _assemble(self, node: Mapping[str, Any], value: Any, path: tuple[str, ...]) -> dict[str, Any]:
        result = dict(node)
        properties = dict(node.get("properties", {}))
        for key, inner in value.items() if isinstance(value, Mapping) else ():
            here = (*path, str(key))
            if here in self.parts:
                properties[key] = self.part(here)
            if here in _SPLIT_OR_ABOVE and isinstance(properties.get(key), Mapping):
                properties[key] = self._assemble(properties[key], inner, here)
        if "properties" in node:
            result["properties"] = properties
        return result

    def allowed_keys(self, path: tuple[str, ...]) -> tuple[str, ...] | None:
        """The keys that may stand in the object at a path; None where any may (a map or an open object)."""
        node = self._node(path)
        if node.get("additionalProperties") is not False:
            return None
        return tuple(sorted(node.get("properties", {})))

    def kind(self, path: tuple[str, ...]) -> str:
        """``strict`` (named keys only), ``map`` (any key, one schema), ``open`` (anything) or ``value``."""
        node = self._node(path)
        if node.get("type") != "object":
            return "value"
        extra = node.get("additionalProperties", True)
        if extra is False:
            return "strict"
        return "map" if isinstance(extra, Mapping) and extra else "open"

    def _node(self, path: tuple[str, ...]) -> Mapping[str, Any]:
        probe: Any = {}
        for key in reversed(path):
            probe = {key: probe}
        node: Any = self.for_config(probe)
        for key in path:
            extra = node.get("additionalProperties", {}) if isinstance(node, Mapping) else {}
            node = node.get("properties", {}).get(key, extra) if isinstance(node, Mapping) else {}
        return node if isinstance(node, Mapping) else {}


def prepare(raw: Mapping[str, Any], release: Release) -> Schema:
    """Make a release's schema usable, once a release.

    Patterns that Python cannot compile go; keys that are required although they have a default become
    optional, as the gateway treats them; ``$ref`` s of plugins, which point into the plugin's own schema,
    are replaced by what they mean.

    :raises SchemaUnusable: if this is no schema of an object with properties.
    """
    if raw.get("type") != "object" or not isinstance(raw.get("properties"), Mapping):
        raise SchemaUnusable(
            "This is not OpenClaw's config schema",
            where=f"release {release}",
            why="it does not describe an object with properties",
            todo="Take it again with: openclaw config schema",
        )
    tree: dict[str, Any] = _clean(raw, {})
    parts: Parts = {}
    for path in sorted(_SPLIT, key=len, reverse=True):
        node: Any = tree
        for key in path:
            node = node.get("properties", {}).get(key, {}) if isinstance(node, dict) else {}
        properties = node.get("properties") if isinstance(node, dict) else None
        if not isinstance(properties, dict):
            continue
        for key in properties:
            parts[(*path, key)] = json.dumps(properties[key], separators=(",", ":"))
            properties[key] = True
    parts[()] = json.dumps(tree, separators=(",", ":"))
    return Schema(release, parts)


def store(schema: Schema, directory: str | os.PathLike[str]) -> FilePath:
    """Keep a prepared schema in a directory, whole or not at all. Returns the file."""
    folder = FilePath(directory)
    target = _file(folder, schema.release)
    lines = [json.dumps([list(path), text]) for path, text in schema.parts.items()]
    content = gzip.compress("\n".join(lines).encode(), compresslevel=6, mtime=0)
    write_file(target, content, 0o644)
    return target


def load(release: Release, directory: str | os.PathLike[str]) -> Schema | None:
    """The prepared schema of a release from a directory; None if it is not there or not readable as one."""
    try:
        content = gzip.decompress(_file(FilePath(directory), release).read_bytes())
        parts = {tuple(path): text for path, text in map(json.loads, content.splitlines())}
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return Schema(release, parts) if () in parts else None


def validate(config: Mapping[str, Any], schema: Schema) -> list[Problem]:
    """Every place where the config is not what the release accepts, in the config's order.

    Channels and plugins that the release does not know are accepted, for a plugin may bring them; but not a
    channel that is written almost like a known one.

    :raises MissingLibrary: without jsonschema.
    """
    try:
        from jsonschema import Draft7Validator
    except ImportError:
        raise MissingLibrary("jsonschema", "checking openclaw.json before it is sent") from None
    config = _without_includes(config)
    validator = Draft7Validator(schema.for_config(config))
    problems = problems_of(validator.iter_errors(config), config, schema.release)
    return problems + list(_misspelt_channels(config, schema))


def _without_includes(value: Any) -> Any:
    """The release resolves ``$include`` before its schema holds; what is included is judged by itself only."""
    if isinstance(value, Mapping):
        return {key: _without_includes(inner) for key, inner in value.items() if key != INCLUDE}
    return [_without_includes(item) for item in value] if isinstance(value, list) else value


def _misspelt_channels(config: Mapping[str, Any], schema: Schema) -> Iterator[Problem]:
    known = [path[1] for path in schema.parts if len(path) == 2 and path[0] == "channels"]
    for name in _mapping(config.get("channels")):
        near = None if name in known else nearest(str(name), known, cutoff=0.8)
        if near:
            path = show(("channels", str(name)))
            yield Problem(path, f"no channel of {schema.release} has this name", (), f"Did you mean '{near}'?")


def _file(folder: FilePath, release: Release) -> FilePath:
    return folder / f"openclaw-config-schema-{release}-v{FORMAT}.json.gz"


FORMAT: Final = 1
"""Raised when prepared schemas change shape, so that an older cache is not read."""


def _clean(node: Any, definitions: Mapping[str, Any], *, names: bool = False, depth: int = 0) -> Any:
    """A copy without what Python cannot use. ``names``: the keys of this object are names, not keywords."""
    if isinstance(node, list):
        return [_clean(item, definitions, depth=depth) for item in node]
    if not isinstance(node, Mapping):
        return node
    if names:
        return {key: _clean(value, definitions, depth=depth) for key, value in node.items()}
    if isinstance(node.get("$ref"), str):
        target = definitions.get(node["$ref"].rpartition("/")[2])
        # A definition that contains itself is not judged below the tenth level.
        return _clean(target, definitions, depth=depth + 1) if target is not None and depth < 10 else {}
    local = {**definitions, **node.get("$defs", {}), **node.get("definitions", {})}
    return {
        key: _clean(value, local, names=key in ("properties", "patternProperties"), depth=depth)
        for key, value in _keywords(node)
    }


def _keywords(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    properties = node.get("properties", {})
    for key, value in node.items():
        if key in _DROPPED or key in ("$defs", "definitions"):
            continue
        if key == "pattern" and _UNSUPPORTED_PATTERN in str(value):
            continue
        if key in ("const", "enum", "default"):
            if key != "default":
                yield key, value
            continue
        if key == "required" and isinstance(value, list):
            value = [name for name in value if "default" not in _mapping(properties.get(name))]
            if not value:
                continue
        yield key, value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
