# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to Fly.io. One more is one more function: it asks, and returns a short answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import World

Ask = Callable[["World"], str]
UNKNOWN = "*"


@dataclass(frozen=True)
class Question:
    """`assumes` are the answers that the collection is right under, `*` for any text; `rows` are those of
    docs/fidelity.md."""

    name: str
    text: str
    assumes: tuple[str, ...]
    rows: tuple[int, ...]
    slow: bool
    """Whether it takes a minute or more whatever Fly.io answers."""
    unsteady: bool
    """Whether the answer depends on how fast requests go."""
    ask: Ask

    def fits(self, answer: str) -> bool:
        return any(fnmatchcase(answer, assumed) for assumed in self.assumes)

    @property
    def assumed(self) -> str:
        return "any answer" if UNKNOWN in self.assumes else " or ".join(self.assumes).replace("*", "...")


QUESTIONS: dict[str, Question] = {}
"""In the order in which they are asked: that of their definition."""


def question(
    text: str, *assumes: str, rows: tuple[int, ...] = (), slow: bool = False, unsteady: bool = False
) -> Callable[[Ask], Ask]:
    """Register a function as a question; its name is the question's."""

    def register(ask: Ask) -> Ask:
        name = ask.__name__
        if name in QUESTIONS:
            raise ValueError(f"there are two questions {name}")
        QUESTIONS[name] = Question(name, text, assumes, rows, slow, unsteady, ask)
        return ask

    return register
