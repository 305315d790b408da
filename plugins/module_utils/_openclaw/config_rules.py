# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules for a config that no schema states, in one call."""

from __future__ import annotations

from collections.abc import Mapping

# Importing them registers their rules; this is also the order in which problems are shown.
from . import rules_gateway, rules_release, rules_roster, rules_secrets, rules_serving
from .problems import Problem
from .rule import RULES, Facts, waived
from .rules_secrets import literal_secrets

__all__ = ["Facts", "check", "fatal", "literal_secrets", "waived"]

_MODULES = (rules_gateway, rules_secrets, rules_roster, rules_release, rules_serving)


def check(config: Mapping[str, object], facts: Facts) -> list[Problem]:
    """All problems of a declared config; waived ones are left out, and of two at one path the clearer one stays."""
    found = [problem for rule in RULES for problem in rule.check(config, facts)]
    told = {problem.path for problem in found if problem.rule != "moved"}
    found = [problem for problem in found if problem.rule != "moved" or problem.path not in told]
    return [problem for problem in found if not waived(problem, facts)]


def fatal(config: Mapping[str, object], facts: Facts) -> list[Problem]:
    """Why the gateway would not start with this config, whoever wrote which part of it."""
    return [problem for rule in RULES if rule.fatal for problem in rule.check(config, facts)]
