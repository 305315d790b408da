"""Imports go down only (docs/architecture.md)."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ansible import REPO

COLLECTION = "ansible_collections.openclaw.fly"
UTILS = f"{COLLECTION}.plugins.module_utils"

# From the ground up: a package imports only what stands before it, or itself.
FLOORS = [
    ("_base",),
    ("_fly", "_openclaw"),
    ("_converge",),
    ("_gateway",),
    ("_resources", "_exposure"),
    ("_fleet", "_preflight"),
    ("_options",),
]
PACKAGES = [package for floor in FLOORS for package in floor]


def above(package: str) -> tuple[str, ...]:
    """The packages that `package` must not know: those beside it and above it."""
    level = next(number for number, floor in enumerate(FLOORS) if package in floor)
    return tuple(f"{UTILS}.{other}" for floor in FLOORS[level:] for other in floor if other != package)


# folder, the modules that nothing in it may import
RULES = [
    ("emulator/fly_emulator", ("ansible", "ansible_collections")),
    ("plugins", ("fly_emulator",)),
    ("plugins/module_utils", tuple(f"{COLLECTION}.plugins.{upper}" for upper in ("modules", "action", "plugin_utils"))),
    ("plugins/module_utils/_openclaw", ("ansible",)),
    *((f"plugins/module_utils/{package}", above(package)) for package in PACKAGES),
]


def imported(path: Path) -> Iterator[str]:
    """Full names of all modules that a file imports, wherever in it."""
    inside = path.relative_to(REPO).with_suffix("").parts
    package = (f"{COLLECTION}." if inside[0] == "plugins" else "") + ".".join(inside[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, (parent, node.module)))
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    ("folder", "forbidden"), RULES, ids=[f"{folder}-{number}" for number, (folder, _) in enumerate(RULES)]
)
def test_imports_go_down(folder: str, forbidden: tuple[str, ...]) -> None:
    upward = [
        f"{path.relative_to(REPO)} imports {name}"
        for path in (REPO / folder).rglob("*.py")
        for name in imported(path)
        if any(name == each or name.startswith(f"{each}.") for each in forbidden)
    ]
    assert upward == []


def test_the_emulators_modules_do_not_import_in_a_circle() -> None:
    files = {
        ".".join(path.relative_to(REPO).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (REPO / "emulator/fly_emulator").rglob("*.py")
    }
    graph = {}
    for module, path in files.items():
        # What is imported is a module, or a name in one.
        from_here = {name if name in files else name.rpartition(".")[0] for name in imported(path)}
        graph[module] = from_here & files.keys() - {module}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


def test_module_utils_are_private() -> None:
    """What a user's code may import is no part of `module_utils`: each package says so by its name."""
    assert {path.name for path in (REPO / "plugins/module_utils").iterdir() if path.name != "__pycache__"} == {
        *PACKAGES
    }
