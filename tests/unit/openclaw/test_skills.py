"""Skills on the controller: what is one, and what its digest stands for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.ansible import REPO

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.problems import ConfigRefused
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.skills import (
    MAX_BYTES,
    SkillUnusable,
    digest,
    read,
    wanted,
)

SKILL = REPO / "tests" / "support" / "skills" / "a-skill"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SKILL, tmp_path / "a-skill"))


def test_what_lies_in_the_folder_is_the_skill(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("no part of it")
    skill = read("a-skill", folder)
    assert (skill.name, skill.title) == ("a-skill", "a-skill")
    assert {path: file.executable for path, file in skill.files.items()} == {"SKILL.md": False, "scripts/greet": True}
    assert skill.sha256 == read("a-skill", SKILL).sha256
    assert skill.sha256 == digest({path: (file.sha256, file.executable) for path, file in skill.files.items()})


def rename(folder: Path) -> None:
    (folder / "scripts" / "greet").rename(folder / "scripts" / "greet-all")


def edit(folder: Path) -> None:
    (folder / "scripts" / "greet").write_text("#!/bin/sh\necho something else\n")


def disable(folder: Path) -> None:
    (folder / "scripts" / "greet").chmod(0o644)


@pytest.mark.parametrize("change", [rename, edit, disable])
def test_its_digest_tells_every_change(folder: Path, change: Callable[[Path], None]) -> None:
    change(folder)
    assert read("a-skill", folder).sha256 != read("a-skill", SKILL).sha256
    pinned = {"a-skill": {"source": str(folder), "sha256": read("a-skill", SKILL).sha256}}
    with pytest.raises(SkillUnusable, match="is not what was pinned"):
        wanted(pinned, Path("/"), "here")


def without_manifest(folder: Path) -> None:
    (folder / "SKILL.md").unlink()


def without_description(folder: Path) -> None:
    (folder / "SKILL.md").write_text("# A skill\n")


def with_a_link(folder: Path) -> None:
    (folder / "secrets").symlink_to("/etc/passwd")


def too_big(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"0" * MAX_BYTES)


def absent(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without_manifest, "has no SKILL.md"),
        (without_description, "a description"),
        (with_a_link, "no regular file"),
        (too_big, "are the most"),
        (absent, "No such file"),
    ],
)
def test_what_is_no_skill_is_refused(folder: Path, change: Callable[[Path], None], why: str) -> None:
    change(folder)
    with pytest.raises(SkillUnusable, match=why):
        read("a-skill", folder)


def test_all_problems_of_a_declaration_are_told_at_once() -> None:
    declared = {"../x": str(SKILL), "b": {"folder": "x"}, "c": {"source": "x", "sha256": "latest"}, "d": ""}
    with pytest.raises(ConfigRefused) as raised:
        wanted(declared, Path("/"), "here")
    assert [problem.path for problem in raised.value.problems] == ["../x", "b", "c", "d"]


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(SkillUnusable, match="both call themselves a-skill"):
        wanted({"one": str(SKILL), "other": str(SKILL)}, Path("/"), "here")
