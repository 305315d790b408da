# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examine one gateway: read, judge, report."""

from __future__ import annotations

from .diagnose import diagnose, report
from .evidence import Evidence, Subject
from .sources import Readers


def examine(subject: Subject, readers: Readers) -> dict[str, object]:
    """A module's result. Raises when the app does not exist, or may not be read at all."""
    evidence = Evidence(subject, {**readers.sources, "machines": lambda _seen: machines})
    machines = readers.machines()
    result = diagnose(evidence)
    return {"changed": False, **result, "report": report(subject.app, result)}
