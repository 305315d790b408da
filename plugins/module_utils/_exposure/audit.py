# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the gateway itself knows: its own audit, and the modes of its files."""

from __future__ import annotations

from .._base.errors import CollectionError
from .._base.printable import first_of
from .._gateway.state_files import foreign_paths
from .._openclaw.errors import reported
from .notes import Notes
from .target import Target

_TIMEOUT = 240.0
"""Seconds: it takes ten on an idle machine, and more than a minute on one whose CPU share is used up."""
_SHOWN = 5


def audit(target: Target, notes: Notes) -> None:
    """`openclaw security audit` has nothing critical and no warning; the config is its owner's alone."""
    mode = target.config_file.mode
    if int(mode, 8) & 0o077:
        notes.found(f"{target.state_dir}/openclaw.json has mode {mode}", "Run site.yml: it is 600", detail="file_mode")
    else:
        notes.saw(f"openclaw.json: {mode} {target.config_file.owner}")
    folder = target.files.run(["stat", "-c", "%a", target.state_dir])["stdout"].strip()
    if folder and int(folder, 8) & 0o022:
        notes.found(f"{target.state_dir} has mode {folder}", f"chmod 700 {target.state_dir}", detail="file_mode")
    _owners(target, notes)
    try:
        _read = target.config
    except CollectionError as error:
        what = f"{target.state_dir}/openclaw.json cannot be read ({error.why or error.what}), so nothing can be audited"
        notes.found(what, "Run site.yml, which puts the declared config in its place")
        return
    report = target.cli.json("security", "audit", "--json", timeout=_TIMEOUT)
    summary = report.get("summary")
    if not isinstance(summary, dict):
        raise CollectionError(
            "the gateway's audit gave no report",
            where=f"app {target.app}",
            why=reported(report, "its answer has no summary"),
            todo=f"See fly logs --app {target.app}, and verify again",
        )
    notes.saw(", ".join(f"{level}: {summary.get(level, 0)}" for level in ("critical", "warn", "info")))
    for finding in report.get("findings") or []:
        if finding.get("severity") in ("critical", "warn"):
            what = f"{finding['severity']}: {finding.get('title') or finding['checkId']} ({finding['checkId']})"
            notes.found(what, str(finding.get("remediation") or ""), detail=str(finding["checkId"]))


def _owners(target: Target, notes: Notes) -> None:
    foreign = foreign_paths(target.files, target.state_dir, target.owner)
    if not foreign:
        notes.saw(f"all files in {target.state_dir} belong to {target.owner}")
        return
    listed = first_of(foreign, _SHOWN)
    what = f"not owned by {target.owner}, so that the gateway cannot write or read them: {listed}"
    notes.found(what, "Run site.yml, which gives them to the gateway", detail="file_owner")
