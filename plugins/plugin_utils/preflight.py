# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the controller knows of a host: the variables in its scope, and what other hosts of the run declare."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleError

from ..module_utils._preflight.variables import suspects
from .in_worker import InWorkerAction


class PreflightAction(InWorkerAction):
    """Adds to the task's arguments what a module cannot see."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        scope = task_vars or {}
        seen = {"unknown_variables": list(suspects(scope)), "sharing": sharing(scope, self._task.args.get("app"))}
        self._task.args = {**{name: value for name, value in seen.items() if value}, **self._task.args}
        return super().run(tmp, task_vars)


def sharing(scope: Mapping[str, Any], app: Any) -> list[str]:
    """The other hosts of this play that declare the same app."""
    hosts = [str(host) for host in scope.get("ansible_play_hosts_all") or ()]
    if len(hosts) < 2 or "hostvars" not in scope:
        return []
    owners = _apps(hosts, scope["hostvars"])
    return [host for host in hosts if host != scope.get("inventory_hostname") and owners[host] == str(app)]


def _apps(hosts: list[str], hostvars: Mapping[str, Any]) -> dict[str, str]:
    """The app of each host. The first worker that asks looks them up, and the others read what it found: with five
    hundred hosts each look-up costs a second."""
    digest = hashlib.sha256("\n".join(hosts).encode()).hexdigest()[:16]
    file = Path(C.DEFAULT_LOCAL_TMP) / f"openclaw-fly-apps-{digest}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as shared:
        fcntl.flock(shared, fcntl.LOCK_EX)
        shared.seek(0)
        text = shared.read()
        if not text:
            text = json.dumps({host: _app(host, hostvars) for host in hosts})
            shared.write(text)
    found: dict[str, str] = json.loads(text)
    return found


def _app(host: str, hostvars: Mapping[str, Any]) -> str:
    """The app that a host's variables name; the role's default is the host's own name."""
    try:
        return str(hostvars[host].get("fly_app_name") or host)
    except AnsibleError:
        return host
