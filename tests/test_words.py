"""Texts that people read use plain words: no phrase that this project has replaced by a better one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ansible import REPO

REPLACED = {
    r"tell(s|ing)?|told": "report, return, print, state",
    r"said no|would have none of it": "refused, rejected",
    r"says?|said": "report, state, specify",
    r"is to be there|that is there": "should exist, exists",
    r"and not else|is none, and": "only then, is not",
    r"lacks?": "is missing, missing ones",
    r"cannot be had": "is not available",
    r"of (one's|its|your|their|our) own": "custom, its own",
    r"mend(s|ed|ing)?": "fix",
    r"let in|lets? (you|one|it|a|that) .{0,20}\bin|who waits": "approve, pending",
    r"roads?|doors?|knock(s|ing)?": "route or connection, ports, probe",
    r"strangers?": "unauthenticated client",
    r"patience": "timeout",
    r"own words|for want of": "its log, out of",
}
"""Patterns and what to write instead."""
_FOUND = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in REPLACED), re.IGNORECASE)
PAGES = (
    "README.md", "CONTRIBUTING.md", "SECURITY.md", "emulator/README.md", "docs/*.md", "docs/examples/**/*.md",
    "roles/*/README.md", "roles/*/meta/*.yml", "roles/*/tasks/*.yml", "playbooks/*.yml",
)  # fmt: skip
PROGRAMS = ("plugins/**/*.py", "extensions/**/*.py", "emulator/fly_emulator/**/*.py")
CODE = {
    "plugins/module_utils/_gateway/config_migration.py": "JavaScript with a variable of that name",
    "plugins/module_utils/_openclaw/tunnels/supervise.py": "a shell function of that name",
}
"""Files whose texts are programs, and what is found in them."""


def files(patterns: tuple[str, ...]) -> list[Path]:
    return sorted({path for pattern in patterns for path in REPO.glob(pattern)})


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and texts; of a program those that it may print or document, not its docstrings and comments."""
    if file.suffix != ".py":
        yield from enumerate(file.read_text().splitlines(), 1)
        return
    tree = ast.parse(file.read_text())
    docstrings = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def replaced(file: Path) -> list[str]:
    return [
        f"{file.relative_to(REPO)}:{number}: {found.group()}"
        for number, text in texts(file)
        for found in _FOUND.finditer(text)
        if " " in text
    ]


@pytest.mark.parametrize("kind", [PAGES, PROGRAMS], ids=["pages", "programs"])
def test_no_replaced_phrase_is_read(kind: tuple[str, ...]) -> None:
    found = [each for file in files(kind) if str(file.relative_to(REPO)) not in CODE for each in replaced(file)]
    assert not found, f"write instead: {'; '.join(REPLACED.values())}"


def test_a_replaced_phrase_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("This tells who waits.\nA plain sentence.\n")
    assert [found.group() for _, text in texts(page) for found in _FOUND.finditer(text)] == ["tells", "who waits"]
