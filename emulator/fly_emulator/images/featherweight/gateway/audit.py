"""`security audit --json`: a few of the release's own findings, by their ids."""

from __future__ import annotations

import os
from typing import Any

from . import config as configuration


def report() -> dict[str, Any]:
    """As the release prints it: summary and findings."""
    path = configuration.config_path()
    config = configuration.load(path) if path.exists() else {}
    auth = config.get("gateway", {}).get("auth", {})
    findings = []
    if path.exists() and path.stat().st_mode & 0o004:
        findings.append(_finding("fs.config.perms_world_readable", "critical", "Config file is world-readable"))
    if path.parent.exists() and path.parent.stat().st_mode & 0o055:
        findings.append(_finding("fs.state_dir.perms_readable", "warn", "State dir is readable by others"))
    if not auth.get("rateLimit"):
        findings.append(_finding("gateway.auth_no_rate_limit", "warn", "No auth rate limiting configured"))
    if len(os.environ.get("OPENCLAW_GATEWAY_TOKEN", "")) < 24:
        findings.append(_finding("gateway.token_too_short", "warn", "Gateway token looks short"))
    levels = ("critical", "warn", "info")
    summary = {level: sum(finding["severity"] == level for finding in findings) for level in levels}
    return {"summary": summary, "findings": findings}


def _finding(check: str, severity: str, title: str) -> dict[str, str]:
    return {"checkId": check, "severity": severity, "title": title, "detail": f"{title} (featherweight)"}
