# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Skills: folders with a SKILL.md that teach an agent something, as they lie on the controller.

Limits are those of the release's own library (docs/tools/skills.md of 2026.9.6, read on 2026-11-22); the total is what
one command to a machine can carry.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import OpenClawError
from .problems import Problem, refuse

MANIFEST: Final = "SKILL.md"
MAX_FILES: Final = 256
MAX_BYTES: Final = 1024 * 1024
"""Of a skill's files together."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}\Z")
_FRONTMATTER: Final = re.compile(r"\A---\r?\n(.*?)\r?\n---\s*$", re.DOTALL | re.MULTILINE)


class SkillUnusable(OpenClawError):
    """A folder on the controller is no skill that can be put into a machine."""


@dataclass(frozen=True, slots=True)
class SkillFile:
    content: bytes
    executable: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Skill:
    """:param title: the name that agents know it by; two skills of one title shadow one another."""

    name: str
    title: str
    files: Mapping[str, SkillFile]

    @property
    def sha256(self) -> str:
        """Digest over paths, contents and executable flags: equal means the same skill."""
        return digest({path: (file.sha256, file.executable) for path, file in self.files.items()})


def digest(files: Mapping[str, tuple[str, bool]]) -> str:
    """The same over {path: (digest of the content, executable)}."""
    lines = [f"{content} {'x' if executable else '-'} {path}\n" for path, (content, executable) in files.items()]
    return hashlib.sha256("".join(sorted(lines, key=lambda line: line[66:])).encode()).hexdigest()


def wanted(declared: Mapping[str, object], base: Path, where: str) -> dict[str, Skill]:
    """Read {name: folder} or {name: {source: folder, sha256: digest}}; with a digest the folder must have it.

    :param base: what the folders are relative to.
    :raises ConfigRefused: with all problems of the declaration; SkillUnusable for a folder that is no skill.
    """
    refuse(_problems(declared), where)
    found: dict[str, Skill] = {}
    for name, entry in declared.items():
        given = entry if isinstance(entry, Mapping) else {"source": entry}
        skill = read(str(name), base / Path(str(given["source"])).expanduser())
        pinned = given.get("sha256")
        if pinned and skill.sha256 != pinned:
            raise SkillUnusable(
                f"The skill {name} is not what was pinned",
                where=str(given["source"]),
                why=f"its digest is {skill.sha256}",
                todo="See what changed in the folder; then pin this digest, or put the folder back.",
            )
        twin = next((each.name for each in found.values() if each.title == skill.title), None)
        if twin:
            raise SkillUnusable(
                f"The skills {twin} and {name} are one to an agent",
                where=where,
                why=f"both call themselves {skill.title}",
                todo=f"Write another name into one's {MANIFEST}, or leave one out.",
            )
        found[str(name)] = skill
    return found


def read(name: str, folder: Path) -> Skill:
    """The skill in a folder; hidden files and folders are no part of it.

    :raises SkillUnusable: without a SKILL.md that says name and description, with a link, or beyond the limits.
    """

    def unusable(why: str, todo: str) -> SkillUnusable:
        return SkillUnusable(f"The skill {name} cannot be used", where=str(folder), why=why, todo=todo)

    try:
        files = dict(_files(folder))
    except OSError as error:
        raise unusable(error.strerror or str(error), "Set it to an existing folder that contains a SKILL.md.") from None
    except ValueError as error:
        raise unusable(str(error), "Put regular files with plain names there.") from None
    if MANIFEST not in files:
        raise unusable(f"it has no {MANIFEST}", f"Give the folder that has {MANIFEST} at its top.")
    size = sum(len(file.content) for file in files.values())
    if len(files) > MAX_FILES or size > MAX_BYTES:
        raise unusable(
            f"it has {len(files)} files and {size} bytes; {MAX_FILES} files and {MAX_BYTES} bytes are the most",
            "Leave out what the agent does not read, or build it into the image.",
        )
    fields = _frontmatter(files[MANIFEST].content.decode("utf-8", "replace"))
    if not fields.get("description"):
        raise unusable(
            f"its {MANIFEST} does not begin with --- and a description", "OpenClaw passes over a skill without one."
        )
    return Skill(name, fields.get("name") or name, files)


def _files(folder: Path) -> Iterator[tuple[str, SkillFile]]:
    """:raises ValueError: for a link, a device, a strange name; OSError when it cannot be read."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        path = Path(entry.path)
        if not entry.name.isprintable() or "\\" in entry.name or entry.name != entry.name.strip():
            raise ValueError(f"{str(path)!r} has a name that not every system can hold")
        if entry.is_dir(follow_symlinks=False):
            for below, file in _files(path):
                yield f"{entry.name}/{below}", file
        elif entry.is_file(follow_symlinks=False):
            yield entry.name, SkillFile(path.read_bytes(), bool(entry.stat().st_mode & 0o100))
        else:
            raise ValueError(f"{path} is no regular file")


def _frontmatter(text: str) -> dict[str, str]:
    """The top-level `name` and `description` of a SKILL.md, without their quotes; a folded text counts by its mark."""
    block = _FRONTMATTER.match(text)
    fields = re.findall(r"^(name|description):[ \t]*(.+)$", block[1] if block else "", re.MULTILINE)
    return {key: value.strip().strip("\"'") for key, value in fields}


def _problems(declared: Mapping[str, object]) -> Iterator[Problem]:
    for name, entry in declared.items():
        given = entry if isinstance(entry, Mapping) else {"source": entry}
        if not _NAME.match(str(name)):
            yield Problem(
                str(name), "is no name of a skill", (), "Write lower-case letters, digits and hyphens", "skill-name"
            )
        if set(given) - {"source", "sha256"} or not isinstance(given.get("source"), str) or not given["source"]:
            yield Problem(str(name), "names no folder", ("source", "sha256"), None, "skill-source")
        elif given.get("sha256") and not _DIGEST.match(str(given["sha256"])):
            yield Problem(str(name), "has no SHA-256 in sha256", (), "Write the 64 digits of a result", "skill-pin")
