# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the evidence by the catalogue."""

from __future__ import annotations

from .catalogue import CATALOGUE
from .evidence import Evidence, Unread
from .finding import SEVERITIES, Finding

_STRANGE = (AttributeError, KeyError, LookupError, TypeError, ValueError)
"""How code fails on an answer of another form than this collection knows."""


def diagnose(seen: Evidence) -> dict[str, object]:
    """{findings, unread, read, checked}: findings by severity; `unread` is what could not be read, why, and which
    findings were not judged for it.
    """
    found: list[tuple[Finding, dict[str, object]]] = []
    unread: dict[tuple[str, str], list[str]] = {}
    checked = 0
    for one in CATALOGUE:
        seen.touched.clear()
        try:
            detail = one.detect(seen)
        except Unread as reason:
            unread.setdefault((reason.what, reason.why), []).append(one.id)
            continue
        except _STRANGE as error:
            what = ", ".join(seen.touched) or "evidence"
            unread.setdefault((what, f"it has an unknown form ({type(error).__name__})"), []).append(one.id)
            continue
        checked += 1
        if detail:
            found.append((one, one.as_dict(detail, list(seen.touched))))
    found.sort(key=lambda pair: SEVERITIES.index(pair[0].severity))
    return {
        "findings": [entry for _one, entry in found],
        "unread": [{"what": what, "why": why, "not_judged": ids} for (what, why), ids in unread.items()],
        "read": seen.all_read,
        "checked": checked,
    }


def report(app: str, result: dict[str, object]) -> list[str]:
    """The result in lines for a person."""
    findings, unread = result["findings"], result["unread"]
    if not isinstance(findings, list) or not isinstance(unread, list):
        raise AssertionError("a diagnosis has lists of findings and of what was not read")
    head = f"{app}: {len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}, {result['checked']} judged"
    lines = [head]
    for one in findings:
        lines += [
            f"{one['severity']:<8}  {one['id']}: {one['title']}",
            f"          seen:  {one['detail']}",
            f"          cause: {one['cause']}",
            f"          do:    {one['remedy']}",
        ]
    lines += [f"not read  {one['what']}: {one['why']} ({len(one['not_judged'])} not judged)" for one in unread]
    return lines
