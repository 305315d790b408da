# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks, weigh them against the waivers, and say what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from .._base import clock
from .._base.errors import CollectionError, sentence
from .._base.waiting import look_until
from .._converge.context import Context
from .._openclaw.endpoint import PERMANENT
from .catalogue import CHECKS
from .check import Check
from .notes import Finding, Notes, Skipped
from .target import Target
from .waivers import Waiver

_PAUSE = 1.0


def verify(
    target: Target,
    ids: Iterable[str],
    waivers: list[Waiver],
    context: Context,
    *,
    today: date,
    timeout: float = 0.0,
) -> dict[str, object]:
    """A module's result; failed when a finding is left that no valid waiver covers.

    `timeout` is how many seconds the platform gets, after a change, for what lags behind.
    """
    wanted = set(ids)
    results = []
    left: list[Finding] = []
    deadline = clock.monotonic() + timeout
    for check in CHECKS:
        if check.id not in wanted:
            continue
        # What leads to addresses that should not exist does not change by itself.
        exact = not any(finding.id == "addresses" for finding in left)
        outcome = _settled(check, target, context, deadline - clock.monotonic() if exact else 0)
        waived, open_ = _weigh(outcome.notes.findings, waivers, today, context)
        left += open_
        results.append(_report(check, outcome, waived, open_, context))
    result: dict[str, object] = {"changed": False, "checks": results}
    return result if not left else {**result, "failed": True, "msg": _message(target, left), "error": _error(left)}


@dataclass(frozen=True)
class _Outcome:
    notes: Notes
    skipped: str = ""
    """Why it was skipped."""

    @property
    def lags(self) -> bool:
        """Whether all that was found may pass by itself."""
        return bool(self.notes.findings) and all(finding.lags for finding in self.notes.findings)

    def __str__(self) -> str:
        seen = "; ".join(finding.what for finding in self.notes.findings) or "; ".join(self.notes.evidence)
        return self.skipped or seen


def _settled(check: Check, target: Target, context: Context, timeout: float) -> _Outcome:
    """The check's outcome, asked for again while all that is found may still pass by itself."""

    def look() -> _Outcome:
        target.forget()
        return _run(check, target)

    first = _run(check, target)
    if not check.waits_for or not first.lags or timeout <= 0:
        return first
    return look_until(
        check.waits_for,
        look,
        lambda seen: not seen.lags,
        timeout=timeout,
        every=_PAUSE,
        where=f"app {target.app}",
        state=str,
        progress=context.progress,
    )


def _run(check: Check, target: Target) -> _Outcome:
    """What cannot be proved is a finding, not a pass."""
    notes = Notes(check.id, check.fix)
    try:
        check.run(target, notes)
    except Skipped as reason:
        return _Outcome(notes, str(reason))
    except CollectionError as error:
        lags = getattr(error, "obstacle", None) not in (None, *PERMANENT)
        notes.found(f"not proved: {error.what}{f' ({error.why})' if error.why else ''}", error.todo, lags=lags)
    return _Outcome(notes)


def _report(
    check: Check, outcome: _Outcome, waived: list[str], left: list[Finding], context: Context
) -> dict[str, object]:
    """A check's entry in the result, and its line on the screen."""
    status = "skip" if outcome.skipped else "fail" if left else "waived" if waived else "pass"
    context.progress(f"{status:<7}{check.id:<12} {outcome}")
    return {
        "id": check.id,
        "proves": check.proves,
        "how": check.how,
        "status": status,
        "evidence": outcome.notes.evidence,
        "findings": [finding.as_dict() for finding in outcome.notes.findings],
        "waived": waived,
        "reason": outcome.skipped,
    }


def _weigh(
    findings: list[Finding], waivers: list[Waiver], today: date, context: Context
) -> tuple[list[str], list[Finding]]:
    waived: list[str] = []
    left: list[Finding] = []
    for finding in findings:
        covering = [waiver for waiver in waivers if waiver.covers(finding.id)]
        valid = next((waiver for waiver in covering if waiver.expires >= today), None)
        if valid:
            waived.append(f"{finding.what}: waived until {valid.expires}, {valid.reason}")
            continue
        for waiver in covering:
            context.warn(f"The waiver {waiver.id} expired on {waiver.expires} and does not count any more.")
        left.append(finding)
    return waived, left


def _message(target: Target, left: list[Finding]) -> str:
    """What and where first; then each finding, several checks' together when they say the same."""
    together: dict[tuple[str, str], list[str]] = {}
    for finding in left:
        together.setdefault((finding.what, finding.fix), []).append(finding.id)
    lines = [f"app {target.app} ({target.exposure}) is not proved: {len(left)} finding{'s' * (len(left) > 1)}."]
    for (what, fix), ids in together.items():
        lines.append(f"[{', '.join(ids)}] {sentence(what)} {sentence(fix)}".rstrip())
    return " ".join(lines)


def _error(left: list[Finding]) -> dict[str, object]:
    return {"kind": "Exposed", "findings": [finding.id for finding in left]}
