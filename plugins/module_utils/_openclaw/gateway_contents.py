# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway keeps, counted by its own methods (2026.9.6), to compare before and after a change of its volume.

The methods count all agents; OpenClaw's command line counts the default one only. Nothing of a session's, a job's or a
device's content is returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .gateway_status import channels
from .paths import get

METHODS: Final[Mapping[str, Mapping[str, object]]] = {
    "sessions.list": {"limit": 1},
    "cron.list": {"includeDisabled": True, "limit": 200},
    "device.pair.list": {},
    "agents.list": {},
    "channels.status": {},
}
"""What is asked, with parameters; all of them only read. The release lists at most 200 jobs in one answer."""


def counts(answers: Mapping[str, object]) -> dict[str, object]:
    """The gateway's contents; what it did not answer is None.

    Jobs are compared by id: an upgrade adds jobs of its own, so their number alone proves nothing.
    """
    sessions, jobs, agents = answers.get("sessions.list"), answers.get("cron.list"), answers.get("agents.list")
    devices, status = answers.get("device.pair.list"), answers.get("channels.status")
    return {
        "sessions": get(sessions, "totalCount"),
        "cron_jobs": get(jobs, "total"),
        "cron_job_ids": _ids(jobs, "jobs", "id"),
        "devices": _ids(devices, "paired", "deviceId"),
        "agents": _ids(agents, "agents", "id"),
        "channels": None if status is None else sorted(f"{one.channel}/{one.account}" for one in channels(status)),
    }


def _ids(payload: object, key: str, name: str) -> list[str] | None:
    if payload is None:
        return None
    return sorted(str(each.get(name)) for each in get(payload, key, default=[]) if isinstance(each, Mapping))


def missing(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """What was there before and is not now, a line each; what either did not report is not compared."""
    found = []
    sessions, left = before.get("sessions"), now.get("sessions")
    if isinstance(sessions, int) and isinstance(left, int) and left < sessions:
        found.append(f"{sessions - left} of {sessions} sessions")
    for key, name in (("cron_job_ids", "cron jobs"), ("devices", "devices"), ("agents", "agents")):
        there, has = before.get(key), now.get(key)
        if isinstance(there, list) and isinstance(has, list) and (gone := sorted(set(there) - set(has))):
            found.append(f"{name} {', '.join(map(str, gone))}")
    return found
