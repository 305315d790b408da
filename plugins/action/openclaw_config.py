# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module openclaw_config, in the worker."""

from __future__ import annotations

from typing import Any

from ..modules import openclaw_config
from ..plugin_utils.config_sources import sources
from ..plugin_utils.in_worker import InWorkerAction


class ActionModule(InWorkerAction):
    module = openclaw_config
    libraries = ("jsonschema",)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if found := sources(task_vars or {}, self._templar.template):
            self._task.args = {"sources": found, **self._task.args}
        return super().run(tmp, task_vars)
