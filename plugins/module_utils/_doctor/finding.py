# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finding is, and the register of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Optional

from .evidence import Evidence

CRITICAL: Final = "critical"
"""The gateway does not serve, or loses data, or anybody can use it."""
WARNING: Final = "warning"
"""It will fail, or fails in part."""
INFO: Final = "info"
"""Worth knowing."""
SEVERITIES: Final = (CRITICAL, WARNING, INFO)
GROUNDS: Final = ("fly", "machine", "gateway")
"""Where the evidence is: Fly.io's APIs, the machine's files and system, the gateway itself."""

Detect = Callable[[Evidence], Optional[str]]  # noqa: UP045 - ansible-test's pylint reads the other form as a bug


@dataclass(frozen=True, slots=True)
class Finding:
    """An entry of the catalogue.

    :param id: ground and name, such as ``fly.autostop``; it does not change: inventories name it.
    :param title: the symptom.
    :param apply: whether the remedy is safe to apply without a person.
    :param source: where the fact is from.
    :param detect: returns what was seen where the finding holds, else None; it changes nothing.
    :param line: a line of a log, or an error, by which a person recognises it.
    """

    id: str
    severity: str
    title: str
    cause: str
    remedy: str
    source: str
    detect: Detect
    apply: bool = False
    line: str = ""

    @property
    def ground(self) -> str:
        return self.id.partition(".")[0]

    def as_dict(self, detail: str, evidence: list[str]) -> dict[str, object]:
        """The finding as a task returns it."""
        return {
            "id": self.id,
            "severity": self.severity,
            "title": self.title,
            "detail": detail,
            "evidence": evidence,
            "cause": self.cause,
            "remedy": self.remedy,
            "apply": self.apply,
            "source": self.source,
        }


FINDINGS: list[Finding] = []
"""All of them, in the order of the catalogue."""


def finding(
    identity: str, severity: str, *, title: str, cause: str, remedy: str, source: str, apply: bool = False
) -> Callable[[Detect], Detect]:
    """Register a function as the one that detects this finding."""

    def register(detect: Detect) -> Detect:
        FINDINGS.append(Finding(identity, severity, title, cause, remedy, source, detect, apply))
        return detect

    return register
