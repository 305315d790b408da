# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fly.toml as one object: read, normalised and judged once, and asked for what it means for a process group."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..._base.errors import CollectionError
from . import judge, rules
from .commands import text, words
from .normal import normalized

Table = dict[str, Any]
DEFAULT_GROUP = "app"


@dataclass(frozen=True)
class FlyToml:
    """A valid fly.toml.

    :param data: its content in today's spelling: `vm`, `mounts`, `services`, ... are lists, times are texts.
    :param where: its name in messages.
    :param folder: where relative paths in it start; None for the current directory.
    """

    data: Table
    where: str = "fly.toml"
    folder: Path | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, content: str | Mapping[str, Any], where: str = "fly.toml", folder: Path | None = None) -> FlyToml:
        """Read TOML text, or take what was read; raise one error that lists everything that is wrong."""
        read = _read(content, where) if isinstance(content, str) else dict(content)
        toml = cls(normalized(read), where, folder)
        found, sound = judge.problems(toml.data)
        if sound:
            found += rules.problems(toml)
        if found:
            raise _refused(found, where)
        return toml

    @classmethod
    def load(cls, path: str) -> FlyToml:
        """Read a file; relative paths in it start in its folder."""
        file = Path(path)
        try:
            content = file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise CollectionError("fly.toml cannot be read", where=path, why=str(error)) from error
        return cls.parse(content, path, file.parent)

    @property
    def app(self) -> str:
        return str(self.data.get("app") or "")

    @property
    def region(self) -> str | None:
        return self.data.get("primary_region") or None

    @property
    def image(self) -> str:
        return str(self.build.get("image") or "")

    @property
    def build(self) -> Table:
        return dict(self.data.get("build") or {})

    @property
    def strategy(self) -> str:
        return str((self.data.get("deploy") or {}).get("strategy") or "")

    @property
    def env(self) -> dict[str, str]:
        """As the machine gets it: `true` is "true", 1.0 is "1"."""
        return {name: text(value) for name, value in (self.data.get("env") or {}).items()}

    @property
    def groups(self) -> list[str]:
        """The process groups, in the file's order."""
        return list(self.data.get("processes") or [DEFAULT_GROUP])

    @property
    def default_group(self) -> str:
        """The group of a section that names none: app, else the first by its name."""
        return DEFAULT_GROUP if DEFAULT_GROUP in self.groups else min(self.groups)

    def applies(self, entry: Mapping[str, Any], group: str) -> bool:
        """Is a section for this process group: one of those that it names, else the default one?"""
        return group in (entry.get("processes") or [self.default_group])

    def of(self, section: str, group: str) -> list[Table]:
        """The tables of a section that are for a process group."""
        return [entry for entry in self.data.get(section) or [] if self.applies(entry, group)]

    def command(self, group: str) -> list[str]:
        """The words of its command; empty where the image's own is run."""
        return words((self.data.get("processes") or {}).get(group) or "")

    def http_service(self, group: str) -> Table | None:
        found: Table | None = self.data.get("http_service")
        return found if found is not None and self.applies(found, group) else None

    def services(self, group: str) -> list[Table]:
        """Its [[services]]; [http_service] is apart."""
        return self.of("services", group)

    def checks(self, group: str) -> dict[str, Table]:
        """Its [checks.NAME], each with the port that it takes from [http_service] if it names none."""
        http = self.http_service(group) or {}
        return {
            name: {"port": http.get("internal_port"), **check}
            for name, check in (self.data.get("checks") or {}).items()
            if self.applies(check, group)
        }

    def mount(self, group: str) -> Table | None:
        return next(iter(self.of("mounts", group)), None)

    def metrics(self, group: str) -> Table | None:
        return next(iter(self.of("metrics", group)), None)

    def restart(self, group: str) -> Table | None:
        """The last [[restart]] wins, as with flyctl."""
        return next(reversed(self.of("restart", group)), None)

    @property
    def files(self) -> list[Table]:
        """Every machine gets them all, whatever `processes` they name: flyctl gathers them before groups count."""
        return list(self.data.get("files") or [])

    def vm(self, group: str) -> Table | None:
        """Its [[vm]]: the last that names it, else the first for all."""
        tables = self.data.get("vm") or []
        named = [vm for vm in tables if group in (vm.get("processes") or [])]
        general = [vm for vm in tables if not vm.get("processes")]
        return named[-1] if named else next(iter(general), None)

    def grouped_sections(self) -> Iterator[tuple[str, Table]]:
        """Every table that can name process groups, with the name of its section."""
        if "http_service" in self.data:
            yield "http_service", self.data["http_service"]
        for name in ("services", "mounts", "files", "restart", "vm", "metrics"):
            for entry in self.data.get(name) or []:
                yield name, entry
        for name, check in (self.data.get("checks") or {}).items():
            yield f"checks.{name}", check

    def all_checks(self) -> Iterator[tuple[str, Table]]:
        """Every check with its place."""
        for check in (self.data.get("http_service") or {}).get("checks") or []:
            yield "http_service.checks", check
        for service in self.data.get("services") or []:
            for kind in ("tcp_checks", "http_checks"):
                for check in service.get(kind) or []:
                    yield f"services.{kind}", check
        for name, check in (self.data.get("checks") or {}).items():
            yield f"checks.{name}", check


def _read(content: str, where: str) -> Table:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise CollectionError("it is not TOML", where=where, why=str(error)) from error


def _refused(problems: Iterable[str], where: str) -> CollectionError:
    found = list(dict.fromkeys(problems))
    return CollectionError(
        f"{len(found)} problem{'s' if len(found) > 1 else ''}", where=where, why="; ".join(found), problems=found
    )
