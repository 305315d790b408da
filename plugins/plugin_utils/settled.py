# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables evaluated once for many tasks.

Ansible compiles a template anew each time that its variable is used, with all that it refers to: four fifths of what a
look at a gateway cost. Here each is evaluated once, after what it refers to, and later uses find plain data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import Templar

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*(?!\w)(?!\s*\()")
_OF_ANSIBLE = re.compile(r"ansible_|(?:hostvars|groups|group_names|vars|play_hosts|omit)$")
_ALONE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Settled:
    """`variables` in which those that tasks refer to are evaluated. `later` holds names that have another value in some
    task, once for each: what leads to them stays a template."""

    def __init__(self, variables: dict[str, Any], templar: Templar, later: Iterable[str]) -> None:
        self.variables = variables
        self._templar = templar.copy_with_new_env(available_variables=variables)
        self._later = Counter(later)
        self._done: set[str] = set()
        self._left: set[str] = set()
        """Those that cannot be evaluated: the task that uses one fails with the reason."""
        self._referred: dict[str, frozenset[str]] = {}

    def known(self, name: str, value: Any) -> None:
        """A task has registered it."""
        self.variables[name] = value
        self._later[name] -= 1

    def settle(self, *templates: Any) -> None:
        """Evaluate what these refer to."""
        for name in self._names(templates):
            self._settle(name, set())

    def value(self, template: Any) -> Any:
        """The value of a template that is a settled variable and nothing else; any other as it is."""
        found = _ALONE.fullmatch(template) if isinstance(template, str) else None
        return self.variables[found[1]] if found and found[1] in self._done else template

    def _settle(self, name: str, under_way: set[str]) -> None:
        if name in self._done | self._left | under_way or self._leads_to_later(name):
            return
        for other in self._references(name):
            self._settle(other, under_way | {name})
        try:
            self.variables[name] = self._templar.template(self.value(self.variables[name]))
            self._done.add(name)
        except AnsibleError:
            self._left.add(name)

    def _leads_to_later(self, name: str) -> bool:
        reached, ways = {name}, [name]
        while ways:
            new = self._references(ways.pop()) - reached
            reached |= new
            ways += new
        return any(self._later[each] > 0 for each in reached)

    def _references(self, name: str) -> frozenset[str]:
        if name not in self._referred:
            self._referred[name] = frozenset(self._names(self.variables.get(name)))
        return self._referred[name]

    def _names(self, template: Any) -> set[str]:
        """The variables, and what may be registered later, in all templates of a value."""
        if isinstance(template, str):
            words = {word for part in _TEMPLATE.findall(template) for word in _NAME.findall(part)}
            return {
                word
                for word in words
                if (word in self.variables or word in self._later) and not _OF_ANSIBLE.match(word)
            }
        if isinstance(template, dict):
            return set[str]().union(*map(self._names, template.values()))
        return set[str]().union(*map(self._names, template)) if isinstance(template, list | tuple) else set()
