"""Imports go down only (docs/architecture.md)."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support.ansible import REPO

COLLECTION = "ansible_collections.openclaw.fly"
UTILS = f"{COLLECTION}.plugins.module_utils"

# From the ground up: a package imports only what stands before it, or itself.
FLOORS = [
    ("_base",),
    ("_archive", "_fly", "_openclaw"),
    ("_converge",),
    ("_gateway",),
    ("_resources", "_exposure"),
    ("_doctor", "_fleet", "_platform_check", "_preflight", "_rehearsal"),
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


# The emulator, from the ground up: what stands on one floor imports only what stands below, and itself.
EMULATOR = "fly_emulator"
EMULATOR_FLOORS = [
    ("background", "clock", "connection", "data", "durations", "errors", "ids", "macaroon", "runtime.holder"),
    ("regions", "state"),
    ("faults", "journal", "logbook", "questions"),
    ("images",),
    ("runtime",),
    ("settings",),
    ("context",),
    ("machines",),
    ("platform",),  # apps, volumes, secrets, ...: the rules; knows no HTTP
    ("edge", "web"),
    ("api", "graphql", "uiex"),  # faces of the platform: REST, GraphQL, the web API
    ("assemble", "faces", "listen"),
    ("server",),
    ("thread",),
    ("daemon", "options"),
    ("commands",),
    ("cli",),
    ("__main__",),
]
HTTP = ("aiohttp", "graphql")
LOW = EMULATOR_FLOORS[: next(n for n, floor in enumerate(EMULATOR_FLOORS) if "edge" in floor)]
MAY_KNOW_HTTP = {
    "connection.py": "ends a client's connection, for the edge and the APIs",
    "machines/runner.py": "gives sessions into a machine",
    "machines/supervisor.py": "gives sessions into a machine",
    "machines/sessions.py": "keeps the sessions into a machine",
    "machines/checks.py": "checks a machine over HTTP",
    "machines/reasons.py": "says why no connection came about",
    "runtime/base.py": "a machine has a connector for a client's sessions",
    "runtime/connector.py": "connects a client's session to a machine",
    "runtime/held.py": "a machine has a connector for a client's sessions",
}
LONG_FUNCTIONS = {"images/featherweight/gateway/websocket.py": "one conversation, read from top to bottom"}


@cache
def emulator_files() -> dict[str, Path]:
    """All modules of the emulator, without what runs inside its machines."""
    return {
        ".".join(path.relative_to(REPO / "emulator").with_suffix("").parts).removesuffix(".__init__"): path
        for path in (REPO / "emulator" / EMULATOR).rglob("*.py")
    }


@cache
def imported_modules(path: Path) -> set[str]:
    """The emulator's own modules that a file imports; what is imported is a module, or a name in one."""
    files = emulator_files()
    own = (name.removeprefix("emulator.") for name in imported(path))
    found = {name if name in files else name.rpartition(".")[0] for name in own}
    return found & files.keys() - {EMULATOR}


def floor_of(module: str) -> tuple[int, str]:
    """The longest name that holds the module counts: `runtime.holder` stands below `runtime`."""
    name = module.removeprefix(f"{EMULATOR}.")
    found = [
        (len(unit), number, unit)
        for number, floor in enumerate(EMULATOR_FLOORS)
        for unit in floor
        if name == unit or name.startswith(f"{unit}.")
    ]
    assert found, f"{module} stands on no floor of EMULATOR_FLOORS"
    _, number, unit = max(found)
    return number, unit


def test_the_emulators_imports_go_down() -> None:
    upward = []
    for module, path in emulator_files().items():
        if module == EMULATOR:
            continue
        number, unit = floor_of(module)
        for name in imported_modules(path):
            other, other_unit = floor_of(name)
            if other >= number and other_unit != unit:
                upward.append(f"{module} imports {name}")
    assert upward == []


def test_the_emulators_platform_knows_no_http() -> None:
    units = {unit for floor in LOW for unit in floor}
    knowing = {
        str(path.relative_to(REPO / "emulator" / EMULATOR))
        for module, path in emulator_files().items()
        if module != EMULATOR
        and floor_of(module)[1] in units
        and any(name.partition(".")[0] in HTTP for name in imported(path))
    }
    assert knowing - MAY_KNOW_HTTP.keys() == set()


def test_the_emulators_files_and_functions_are_short() -> None:
    long = []
    for path in (REPO / "emulator" / EMULATOR).rglob("*.py"):
        name, text = str(path.relative_to(REPO / "emulator" / EMULATOR)), path.read_text()
        if len(text.splitlines()) > 350:
            long.append(name)
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if (node.end_lineno or 0) - node.lineno >= 50 and name not in LONG_FUNCTIONS:
                long.append(f"{name}: {node.name}")
            if node.name == "__init__" and len(node.args.args + node.args.kwonlyargs) > 7:
                long.append(f"{name}: {node.name} has too many arguments")
    assert long == []


def test_the_emulators_modules_do_not_import_in_a_circle() -> None:
    graph = {module: imported_modules(path) - {module} for module, path in emulator_files().items()}
    assert sum(map(len, graph.values())) > 300, "the imports were not found"
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


def test_module_utils_are_private() -> None:
    """What a user's code may import is no part of `module_utils`: each package says so by its name."""
    assert {path.name for path in (REPO / "plugins/module_utils").iterdir() if path.name != "__pycache__"} == {
        *PACKAGES
    }
