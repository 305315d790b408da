# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module openclaw_summary, in the worker."""

from __future__ import annotations

from typing import Any

from ..modules import openclaw_summary
from ..plugin_utils.command_line import playbook_command
from ..plugin_utils.in_worker import InWorkerAction


class ActionModule(InWorkerAction):
    module = openclaw_summary

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._task.args.setdefault("command", playbook_command())
        return super().run(tmp, task_vars)
