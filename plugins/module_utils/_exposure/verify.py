# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks, weigh them against the waivers, and say what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
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
) -> dict[str, Any]:
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
        notes, skipped = _run(check, target)
        # What leads to addresses that should not exist does not change by itself.
        exact = not any(finding.id == "addresses" for finding in left)
        while check.lags and notes.findings and exact and clock.monotonic() < deadline:
            clock.sleep(_PAUSE)
            target.forget()
            notes, skipped = _run(check, target)
        waived, open_ = _weigh(notes.findings, waivers, today, context)
        left += open_
        status = "skip" if skipped else "fail" if open_ else "waived" if waived else "pass"
        seen = skipped or "; ".join(finding.what for finding in notes.findings) or "; ".join(notes.evidence)
        context.progress(f"{status:<7}{check.id:<12} {seen}")
        results.append(
            {
                "id": check.id,
                "proves": check.proves,
                "how": check.how,
                "status": status,
                "evidence": notes.evidence,
                "findings": [asdict(finding) for finding in notes.findings],
                "waived": waived,
                "reason": skipped,
            }
        )
    result: dict[str, Any] = {"changed": False, "checks": results}
    return result if not left else {**result, "failed": True, "msg": _message(target, left), "error": _error(left)}


def _run(check: Check, target: Target) -> tuple[Notes, str]:
    """The notes, and why it was skipped. What cannot be proved is a finding, not a pass."""
    notes = Notes(check.id, check.fix)
    try:
        check.run(target, notes)
    except Skipped as reason:
        return notes, str(reason)
    except CollectionError as error:
        notes.found(f"not proved: {error.what}{f' ({error.why})' if error.why else ''}", error.todo)
    return notes, ""


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
    lines = [f"app {target.app} ({target.exposure}) is not proved: {len(left)} finding{'s' * (len(left) > 1)}."]
    lines += [f"[{finding.id}] {_sentence(finding.what)} {_sentence(finding.fix)}".rstrip() for finding in left]
    return " ".join(lines)


def _error(left: list[Finding]) -> dict[str, Any]:
    return {"kind": "Exposed", "findings": [finding.id for finding in left]}


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
