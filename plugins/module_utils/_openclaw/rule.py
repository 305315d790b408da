# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule for a config is, and the register of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from .problems import Problem
from .releases import DEFAULT_RELEASE, Release


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules must know beside the config.

    :param exposure: public, private or sealed; only a sealed gateway stands behind no proxy.
    :param port: the port of the process command.
    :param hostnames: names or origins under which browsers open the Control UI.
    :param https_port: the port in their origins.
    :param secret_names: names in the machine's environment (secrets and env); None if not known.
    :param waivers: reasons, keyed by rule id or config path, for findings that may be waived.
    :param readonly: the gateway cannot rewrite the file, and so starts with no old form in it.
    :param migrate: the release's own migration rewrites old forms before the config is written.
    :param sources: variables by the config path that they set, for messages.
    :param secrets: values by name, compared with each other only; None if not known.
    """

    release: Release = field(default_factory=lambda: Release.parse(DEFAULT_RELEASE))
    exposure: str = "public"
    port: int = 3000
    hostnames: tuple[str, ...] = ()
    https_port: int = 443
    secret_names: frozenset[str] | None = None
    waivers: Mapping[str, str] = field(default_factory=dict)
    readonly: bool = False
    migrate: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, object] | None = field(default=None, repr=False)

    @property
    def behind_proxy(self) -> bool:
        return self.exposure != "sealed"


Check = Callable[[Mapping[str, object], Facts], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One function and the ids of the problems that it reports.

    :param waivable: a person may waive it with a reason. What cannot work cannot be waived.
    :param fatal: the gateway does not start with such a config, whoever wrote that part of it.
    """

    ids: tuple[str, ...]
    check: Check
    waivable: bool = False
    fatal: bool = False


RULES: list[Rule] = []
"""All rules of configs, in the order in which their problems are shown."""

_WAIVABLE: set[str] = set()


def rule(*ids: str, waivable: bool = False, fatal: bool = False) -> Callable[[Check], Check]:
    """Register a function as the rule of these ids."""

    def register(check: Check) -> Check:
        RULES.append(Rule(ids, check, waivable, fatal))
        if waivable:
            _WAIVABLE.update(ids)
        return check

    return register


def may_be_waived(*ids: str) -> None:
    """Register ids of problems that are found elsewhere (channels, tunnels) as waivable."""
    _WAIVABLE.update(ids)


def is_waivable(identity: str) -> bool:
    return identity in _WAIVABLE


def waivable_ids() -> tuple[str, ...]:
    """The ids that a person may waive, in order."""
    return tuple(sorted(_WAIVABLE))


def all_ids() -> frozenset[str]:
    return frozenset(_WAIVABLE.union(*(each.ids for each in RULES)))


def waived(problem: Problem, facts: Facts) -> bool:
    """Whether a person waived it, by its rule or its path, with a reason."""
    reason = facts.waivers.get(problem.path) or facts.waivers.get(problem.rule)
    if problem.rule == "secret-literal":
        reason = facts.waivers.get(problem.path)  # one by one: what looks like a secret most often is one
    needed = facts.readonly and problem.rule == "moved"
    return is_waivable(problem.rule) and not needed and bool(reason and reason.strip())
