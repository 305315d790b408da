# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of an app that is built from source.

Its tag is the digest of what it is built from: so the reference is known before anything is built, an unchanged source
needs no build, a changed one cannot be overlooked, and nothing else has to be remembered anywhere.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from ..._base.errors import CollectionError
from ..._base.secret_recognition import find_in_command, find_secret
from ..client.errors import FlyError
from ..client.graphql import GraphqlApi
from ..toml.definition import FlyToml
from .build_source import Folder, Git, Source, Text
from .flyctl import BuildOrder, Flyctl

_RULES = 1
"""Part of the digest: raise it when the same source has to be built anew."""


class ImageBuild:
    """An image to be built; `order` is labelled by what `source` holds."""

    def __init__(self, api: GraphqlApi, flyctl: Flyctl, source: Source, order: BuildOrder) -> None:
        self._api, self._flyctl, self._source, self._order = api, flyctl, source, order
        self._pinned = ""

    @property
    def reference(self) -> str:
        return self._order.reference

    @property
    def where(self) -> str:
        return self._source.where

    def pushed(self) -> str:
        """The reference with its digest if the image is in the registry; empty if not, or if nobody tells."""
        if not self._pinned:
            try:
                digest = self._api.image_digest(self._order.app, self.reference)
            except FlyError:
                digest = None
            self._pinned = f"{self.reference}@{digest}" if digest else ""
        return self._pinned

    def check(self) -> None:
        """Raise when it cannot be built here."""
        self._flyctl.check()

    def make(self) -> None:
        with tempfile.TemporaryDirectory(prefix="openclaw-fly-") as scratch:
            self._flyctl.build(self._order, *self._source.provide(Path(scratch)), Path(scratch))


def build_wanted(toml: FlyToml, given: dict[str, Any] | None) -> dict[str, Any]:
    """What the task says, on top of what fly.toml's [build] says: {path, git, version, dockerfile, content, ...}."""
    section = toml.build
    unknown = [key for key in ("builder", "buildpacks", "builtin") if section.get(key)]
    if unknown:
        raise CollectionError(
            f"[build] {unknown[0]} cannot be built", where="fly.toml", todo="Write a Dockerfile, or use flyctl yourself"
        )
    wanted = {key: section[key] for key in ("dockerfile", "ignorefile", "args") if section.get(key)}
    if section.get("build-target"):
        wanted["target"] = section["build-target"]
    wanted.update({key: value for key, value in (given or {}).items() if value is not None})
    if not any(wanted.get(key) for key in ("path", "git", "content")):
        if toml.folder is None:
            raise CollectionError("nothing to build is given", todo="Give build.path, build.git or build.content")
        wanted["path"] = str(toml.folder)
    _refuse_secrets(wanted)
    return wanted


def _refuse_secrets(wanted: dict[str, Any]) -> None:
    """Everybody who gets the image can read its build arguments, and what its Dockerfile sets and runs."""
    found = {f"build.args.{name}": find_secret(name, value) for name, value in (wanted.get("args") or {}).items()}
    for number, line in enumerate(str(wanted.get("content") or "").splitlines(), 1):
        found[f"build.content, line {number}"] = None if line.lstrip().startswith("#") else find_in_command(line)
    for where, secret in found.items():
        if secret:
            kind = "a build argument" if where.startswith("build.args") else "a line of the Dockerfile"
            raise CollectionError(
                f"{kind} looks like a secret, and would be readable in the image",
                where=where,
                why=f"it holds {secret.reason}",
                todo="Give it to the running machine with fly_secrets",
            )


def source_of(wanted: dict[str, Any]) -> Source:
    dockerfile, ignorefile, text = (wanted.get(key) for key in ("dockerfile", "ignorefile", "content"))
    if wanted.get("git"):
        folder = wanted.get("path") or "."
        return Git(wanted["git"], wanted.get("version") or "HEAD", folder, dockerfile, ignorefile, text)
    if wanted.get("path"):
        return Folder(Path(wanted["path"]).expanduser(), dockerfile, ignorefile, text)
    return Text(wanted["content"])


def order_of(app: str, wanted: dict[str, Any], source: Source, flycast: bool = False) -> BuildOrder:
    """What to tell flyctl, the label included; reads all that the image is made of."""
    args = {str(name): str(value) for name, value in (wanted.get("args") or {}).items()}
    of = json.dumps([_RULES, source.digest(), args, wanted.get("target")], sort_keys=True)
    return BuildOrder(
        app=app,
        label=f"build-{hashlib.sha256(of.encode()).hexdigest()[:24]}",
        args=args,
        target=wanted.get("target"),
        local=wanted.get("builder") == "local",
        flycast=flycast,
        timeout=float(wanted.get("timeout") or BuildOrder.timeout),
    )
