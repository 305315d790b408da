"""The collection's code stays small: files, functions and constructors that fit in one view, and no import circle."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

from support.ansible import REPO
from test_layers import COLLECTION, UTILS, imported

FILE_LINES, FUNCTION_LINES, ARGUMENTS = 350, 50, 6
# What is larger, and why; one that has become small must leave the list.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
LARGE_CONSTRUCTORS: dict[str, str] = {}
TYPED = ("_base/", "_fly/", "_openclaw/", "_resources/")
"""Packages that know no parameters of a task."""
ONLY_TYPES = {
    (
        "_fly.toml.rules",
        "_fly.toml.definition",
    ): "rules of the object that applies them; nothing is imported at run time",
}


def sources() -> Iterator[tuple[str, Path]]:
    for path in sorted((REPO / "plugins").rglob("*.py")):
        yield path.relative_to(REPO / "plugins").as_posix(), path


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}: {node.name}", node


def test_files_are_short() -> None:
    long = {name for name, path in sources() if len(path.read_text().splitlines()) > FILE_LINES}
    assert long == LONG_FILES.keys()


def test_functions_are_short() -> None:
    long = {name for name, node in functions() if (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES}
    assert long == LONG_FUNCTIONS.keys()


def test_constructors_take_few_arguments() -> None:
    """What is wanted is one frozen dataclass."""
    large = {
        name
        for name, node in functions()
        if node.name == "__init__"
        and len(node.args.posonlyargs + node.args.args + node.args.kwonlyargs) - 1 > ARGUMENTS
    }
    assert large == LARGE_CONSTRUCTORS.keys()


def test_no_parameters_of_a_task_below_the_modules() -> None:
    """`params` is a module's; below it there are typed objects."""
    untyped = {
        name.partition(":")[0]
        for name, node in functions()
        for argument in (*node.args.args, *node.args.kwonlyargs)
        if argument.arg == "params" and argument.annotation and "dict" in ast.unparse(argument.annotation)
    }
    below = {name for name in untyped if name.startswith(tuple(f"module_utils/{each}" for each in TYPED))}
    assert below == set()


def test_modules_do_not_import_in_a_circle() -> None:
    files = {f"{COLLECTION}.plugins.{name.removesuffix('.py').replace('/', '.')}": path for name, path in sources()}
    files = {name.removesuffix(".__init__"): path for name, path in files.items()}
    graph = {}
    for module, path in files.items():
        # What is imported is a module, or a name in one.
        modules = {name if name in files else name.rpartition(".")[0] for name in imported(path)}
        typed = {f"{UTILS}.{to}" for at, to in ONLY_TYPES if module == f"{UTILS}.{at}"}
        graph[module] = modules & files.keys() - {module, *typed}
    assert sum(map(len, graph.values())) > 300, "the imports were not found"
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError
