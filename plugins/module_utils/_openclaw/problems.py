# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding about a config or a command, before anything is touched."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .._base.errors import sentence
from .errors import OpenClawError

MOST_KEYS: Final = 8
"""Allowed keys that a message names; some objects of OpenClaw's have more than eighty."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    :param path: config path such as ``channels.discord.guilds.1.requireMention``, or an option's name.
    :param message: what is wrong there; never the value of a secret.
    :param allowed_keys: the keys that may stand there, if a key is unknown or missing.
    :param suggestion: what to write instead.
    :param variable: the variable that sets it, where it is known.
    :param rule: name of the rule, by which it can be waived; ``schema`` problems cannot be.
    """

    path: str
    message: str
    allowed_keys: tuple[str, ...] = ()
    suggestion: str | None = None
    rule: str = "schema"
    variable: str = ""

    def __str__(self) -> str:
        return f"{self.head}. {self.advice}" if self.advice else self.head

    @property
    def head(self) -> str:
        """Where, and what is wrong there; a line break in either would begin another problem."""
        text = f"{self.path or '<root>'}: {self.message}".replace("\n", "\\n")
        return f"{self.variable}: {text}" if self.variable else text

    @property
    def advice(self) -> str:
        """What to write instead."""
        keys = self.nearest_keys
        if not keys:
            return self.suggestion or ""
        more = len(self.allowed_keys) - len(keys)
        allowed = f"These are allowed here: {', '.join(keys)}{f', and {more} more' if more else ''}"
        return f"{sentence(self.suggestion or '')} {allowed}".strip()

    @property
    def nearest_keys(self) -> tuple[str, ...]:
        """The allowed keys; of many, those that are most like the one that stands there."""
        if len(self.allowed_keys) <= MOST_KEYS:
            return self.allowed_keys
        key = re.split(r"[.\]]", self.path)[-1].lower()
        return tuple(difflib.get_close_matches(key, self.allowed_keys, MOST_KEYS, 0))

    def as_dict(self) -> dict[str, object]:
        """The same, for a task's result."""
        return {
            "path": self.path,
            "message": self.message,
            "allowed_keys": list(self.nearest_keys),
            "suggestion": self.suggestion,
            "rule": self.rule,
            "variable": self.variable,
        }


class ConfigRefused(OpenClawError):
    """The config (or the process command) has problems; ``problems`` lists them all.

    :param kept: a sentence about what is still as it was, from a caller that knows it.
    :param of: what was declared.
    """

    def __init__(
        self, problems: Sequence[Problem], where: str = "openclaw.json", *, kept: str = "", of: str = "config"
    ) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            (problem,) = self.problems
            todo = sentence(problem.advice) or "Fix it and run again."
            where = "" if problem.head.startswith(where) else where
            super().__init__(problem.head, where=where, todo=f"{todo} {kept}".strip())
            return
        todo = "Fix the variables listed above and run again"
        super().__init__(
            f"{len(self.problems)} problems in the declared {of}",
            where=where,
            why="".join(f"\n- {problem}" for problem in self.problems),
            todo=f"{kept} {todo}" if kept else todo,
        )


def refuse(problems: Iterable[Problem], where: str = "openclaw.json", *, kept: str = "") -> None:
    """:raises ConfigRefused: if there is any problem."""
    found = list(problems)
    if found:
        raise ConfigRefused(found, where, kept=kept)
