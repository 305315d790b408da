# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings by a line of a log, or an error that a person saw: data, from which docs/troubleshooting.md is made too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .evidence import Evidence, Unread
from .finding import FINDINGS, Detect, Finding
from .log_lines import shown


@dataclass(frozen=True, slots=True)
class Sign:
    """A line by which a finding is recognised.

    :param pattern: a regular expression that is searched in each line.
    :param line: what such a line looks like.
    :param fatal: it ends a start: a later start that succeeded has made it good.
    :param log: whether the app's log is searched for it; else only what a person saw is compared.
    :param unless_read: a source that shows whether it still holds: where it can be read, the log does not count.
    """

    id: str
    severity: str
    pattern: str
    line: str
    title: str
    cause: str
    remedy: str
    source: str
    fatal: bool = False
    log: bool = True
    apply: bool = False
    unless_read: str = ""

    @property
    def finding(self) -> Finding:
        """As an entry of the catalogue."""
        return Finding(
            id=self.id,
            severity=self.severity,
            title=self.title,
            cause=self.cause,
            remedy=self.remedy,
            source=self.source,
            detect=_detect(self),
            apply=self.apply,
            line=self.line,
        )


def register(signs: Iterable[Sign]) -> None:
    """Add them to the catalogue."""
    FINDINGS.extend(sign.finding for sign in signs)


def _detect(sign: Sign) -> Detect:
    pattern = re.compile(sign.pattern)

    def detect(seen: Evidence) -> str | None:
        given = next((text for text in seen.subject.texts if pattern.search(text)), None)
        if given is not None:
            return shown(given)
        if not sign.log or (sign.unless_read and _is_read(seen, sign.unless_read)):
            return None
        return seen.log.find(pattern, fatal=sign.fatal)

    return detect


def _is_read(seen: Evidence, source: str) -> bool:
    try:
        seen.read(source)
    except Unread:
        return False
    return True
