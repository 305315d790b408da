# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module fly_machine_file, in the worker; its template is rendered here in any case."""

from __future__ import annotations

from typing import Any

from ansible.plugins.loader import lookup_loader

from ..modules import fly_machine_file
from ..plugin_utils.in_worker import InWorkerAction


class ActionModule(InWorkerAction):
    module = fly_machine_file

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        arguments = self._task.args
        if arguments.get("template") is not None and arguments.get("content") is None:
            file = self._find_needle("templates", arguments["template"])
            lookup = lookup_loader.get("ansible.builtin.template", loader=self._loader, templar=self._templar)
            rendered = lookup.run([file], variables=task_vars or {})[0]
            self._task.args = {key: value for key, value in arguments.items() if key != "template"} | {
                "content": rendered
            }
        result: dict[str, Any] = super().run(tmp, task_vars)
        return result
