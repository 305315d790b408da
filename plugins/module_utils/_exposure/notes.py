# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check notes down: evidence, findings, or why it was skipped."""

from __future__ import annotations

from dataclasses import dataclass, field


class Skipped(Exception):
    """The check does not apply here, or cannot be made from here; the text says why."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be. `id` is the check's, or `check:detail`; a waiver names it."""

    id: str
    what: str
    fix: str
    lags: bool = False
    """It may pass by itself: the platform needs a moment after a change."""

    def as_dict(self) -> dict[str, str]:
        return {"id": self.id, "what": self.what, "fix": self.fix}


@dataclass
class Notes:
    """What one run of a check saw."""

    check: str
    fix: str
    evidence: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def saw(self, text: str) -> None:
        self.evidence.append(text)

    def found(self, what: str, fix: str = "", detail: str = "", *, lags: bool = False) -> None:
        identity = f"{self.check}:{detail}" if detail else self.check
        self.findings.append(Finding(identity, what, fix or self.fix, lags))
