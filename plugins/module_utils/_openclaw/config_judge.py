# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on a declared config before there is a machine: our rules and the release's schema together."""

from __future__ import annotations

from collections.abc import Mapping

from .config_rules import check
from .config_schema import Schema, validate
from .old_forms import old_forms, without_install_records
from .paths import leaves, show
from .problems import Problem
from .rule import Facts

_NEVER_MIGRATED = ("secret-", "token-", "reference-")
"""Rules whose problems no migration solves."""


def judge(config: Mapping[str, object], facts: Facts, schema: Schema | None = None) -> list[Problem]:
    """All problems that no migration solves; the release judges the rest in its machine.

    :param schema: the release's own, where it is at hand.
    """
    if facts.migrate:
        config, _said = without_install_records(config, facts.release)
    problems = check(config, facts)
    told = {problem.path for problem in problems}
    problems += [problem for problem in (validate(config, schema) if schema else []) if problem.path not in told]
    if not facts.migrate:
        return problems
    old = [show(path) for path, _remedy in old_forms(config, facts.release)]
    keys = [show(path) for path, _value in leaves(config)]
    return [problem for problem in problems if not _is_rewritten(problem, old, keys)]


def _is_rewritten(problem: Problem, old: list[str], keys: list[str]) -> bool:
    """Whether the problem is an old form, lies in one, or is that an object is not known which holds nothing else."""
    if problem.rule.startswith(_NEVER_MIGRATED):
        return False
    held = [key for key in keys if problem.rule == "schema" and _in(key, [problem.path])]
    return _in(problem.path, old) or (bool(held) and all(_in(key, old) for key in held))


def _in(path: str, roots: list[str]) -> bool:
    return any(path == root or path.startswith((f"{root}.", f"{root}[")) for root in roots)
