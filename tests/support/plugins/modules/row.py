"""A module of the tests: it makes three things, and ends as it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.module import run_module
from ansible_collections.openclaw.fly.plugins.module_utils._converge.resource import Change, Plan, Resource

SPEC: dict[str, Any] = {
    "argument_spec": {
        "end": {"type": "str", "choices": ["well", "error", "bug", "never"], "default": "well"},
        "log": {"type": "path", "required": True},
        "secret": {"type": "str", "default": "", "no_log": True},
    },
    "supports_check_mode": True,
}


class Row(Resource[list[str]]):
    title = "row"

    def __init__(self, end: str, log: Path, secret: str) -> None:
        self._end, self._log, self._secret = end, log, secret

    def observe(self) -> list[str]:
        return self._log.read_text().split() if self._log.exists() else []

    def plan(self, observed: list[str]) -> Plan:
        adds: list[tuple[str, Callable[[], None]]] = [(n, partial(self._add, n)) for n in ("1", "2", "3")]
        return [Change(n, "add one", None, n, add) for n, add in adds if n not in observed]

    def finalize(self, *, failed: bool) -> None:
        with self._log.open("a") as file:
            file.write(f"failed={failed}\n")

    def describe(self, observed: list[str]) -> dict[str, Any]:
        return {"row": observed}

    def _add(self, number: str) -> None:
        if number == "3":
            self._ending()
        with self._log.open("a") as file:
            file.write(f"{number}\n")

    def _ending(self) -> None:
        if self._end == "error":
            raise CollectionError("full", where="row", why=f"of {self._secret}")
        if self._end == "bug":
            raise KeyError(self._secret)
        if self._end == "never":
            time.sleep(60)


def body(params: dict[str, Any], _context: Context) -> Row:
    return Row(params["end"], Path(params["log"]), params["secret"])


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
