"""Scripted faults: which requests go wrong, how, and before or after they took effect."""

from __future__ import annotations

import itertools
import re
from dataclasses import asdict, dataclass, field
from typing import Any

ACTIONS = ("status", "timeout", "reset", "latency")
FIELDS = ("method", "path", "nth", "count", "action", "when", "status", "body", "headers", "seconds")


class BadRule(ValueError):
    """A fault rule cannot be used; the text says which field and what it may be."""


@dataclass
class Rule:
    id: str
    method: str = ""
    """A regular expression over the method, or empty for all."""
    path: str = ""
    """A regular expression searched in the path with its query, or empty for all; for GraphQL in
    "/graphql mutation allocateIpAddress"."""
    nth: int = 1
    """The first matching request to hit, from 1."""
    count: int = 1
    """How many in a row; 0 for all from there on."""
    action: str = "status"
    when: str = "before"
    """before: the platform never sees the request; after: it took effect, the answer is lost."""
    status: int = 500
    body: dict[str, Any] | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 600.0
    """latency: how much; timeout: how long the connection is held at most. Real seconds."""
    seen: int = 0
    hits: int = 0

    def matches(self, method: str, target: str) -> bool:
        return (re.fullmatch(self.method, method, re.IGNORECASE) is not None if self.method else True) and (
            re.search(self.path, target) is not None
        )


class Faults:
    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._numbers = itertools.count(1)

    def add(self, description: Any) -> Rule:
        """Add a rule from its JSON form; raises BadRule."""
        if not isinstance(description, dict):
            raise BadRule("a fault rule is an object")
        unknown = sorted(set(description) - set(FIELDS))
        if unknown:
            raise BadRule(f"unknown field {unknown[0]!r}; a rule may have {', '.join(FIELDS)}")
        if description.get("action", "status") not in ACTIONS:
            raise BadRule(f"action must be one of {', '.join(ACTIONS)}")
        if description.get("when", "before") not in ("before", "after"):
            raise BadRule("when must be before or after")
        for name in ("method", "path"):
            try:
                re.compile(description.get(name, ""))
            except (re.error, TypeError) as error:
                raise BadRule(f"{name} is no regular expression: {error}") from error
        for name in ("nth", "count", "status", "seconds"):
            if name in description and not isinstance(description[name], int | float):
                raise BadRule(f"{name} must be a number")
        rule = Rule(id=f"fault-{next(self._numbers)}", **description)
        self.rules.append(rule)
        return rule

    def take(self, method: str, target: str) -> Rule | None:
        """Return the rule that hits this request; counts the request in every rule that matches."""
        chosen: Rule | None = None
        for rule in self.rules:
            if not rule.matches(method, target):
                continue
            rule.seen += 1
            last = rule.nth + rule.count - 1 if rule.count else rule.seen
            if chosen is None and rule.nth <= rule.seen <= last:
                rule.hits += 1
                chosen = rule
        return chosen

    def clear(self) -> None:
        self.rules.clear()

    def view(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self.rules]
