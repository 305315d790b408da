# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding about a config or a command, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import OpenClawError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    :param path: config path such as ``channels.discord.guilds.1.requireMention``, or an option's name.
    :param message: what is wrong there; never the value of a secret.
    :param allowed_keys: the keys that may stand there, if a key is unknown or missing.
    :param suggestion: what to write instead.
    :param rule: name of the rule, by which it can be waived; ``schema`` problems cannot be.
    """

    path: str
    message: str
    allowed_keys: tuple[str, ...] = ()
    suggestion: str | None = None
    rule: str = "schema"

    def __str__(self) -> str:
        text = f"{self.path or '<root>'}: {self.message}"
        if self.suggestion:
            text = f"{text}. {self.suggestion}"
        if self.allowed_keys:
            text = f"{text} (allowed here: {', '.join(self.allowed_keys)})"
        return text

    def as_dict(self) -> dict[str, object]:
        """The same, for a task's result."""
        return {
            "path": self.path,
            "message": self.message,
            "allowed_keys": list(self.allowed_keys),
            "suggestion": self.suggestion,
            "rule": self.rule,
        }


class ConfigRefused(OpenClawError):
    """The config (or the process command) has problems; ``problems`` lists them all.

    :param kept: a sentence about what is still as it was, from a caller that knows it.
    """

    def __init__(self, problems: Sequence[Problem], where: str = "openclaw.json", *, kept: str = "") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        todo = "Fix the variables listed above and run again"
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''} in the declared config",
            where=where,
            why="".join(f"\n- {problem}" for problem in self.problems),
            todo=f"{kept} {todo}" if kept else todo,
        )


def refuse(problems: Iterable[Problem], where: str = "openclaw.json", *, kept: str = "") -> None:
    """:raises ConfigRefused: if there is any problem."""
    found = list(problems)
    if found:
        raise ConfigRefused(found, where, kept=kept)
