# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module openclaw_look: only a controller sees the tasks of a play."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import action_loader
from ansible.utils.display import Display

from ..module_utils._base.printable import one_line, printable
from ..modules import openclaw_look
from ..plugin_utils.ahead import Ahead, Step, is_summary, tasks_ahead

display = Display()

# Before Ansible forks a worker for each host: what the tasks ahead need is then loaded once and not once a host.
for _file in sorted(Path(__file__).parent.glob("*.py")):
    if _file.stem not in ("__init__", Path(__file__).stem):
        action_loader.get(f"openclaw.fly.{_file.stem}", class_only=True)


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_async = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(openclaw_look.SPEC["argument_spec"])
        variables = dict(task_vars or {})
        host = str(variables.get("inventory_hostname", ""))
        steps = self._steps(variables, whole=args["whole"])
        if args["whole"]:
            for line in _lines(host, steps):
                display.display(line)
        return {**result, "changed": False, "host": host, "idle": not steps, "steps": steps}

    def _steps(self, variables: dict[str, Any], *, whole: bool) -> list[Step]:
        tasks = [task for task in tasks_ahead(self._task) if not (whole and is_summary(task))]
        ahead = Ahead(self, tasks, variables)
        steps = []
        for task in tasks:
            if step := ahead.ask(task):
                steps.append(step)
                if not whole or "error" in step:  # a run would end there
                    break
        if not (steps or whole or self._task.check_mode):
            ahead.do_uncounted()
        return steps


def _lines(host: str, steps: list[Step]) -> list[str]:
    if not steps:
        return [f"  {host}: as declared"]
    return [f"  {host}: {len(steps)} of its tasks would do something", *(f"    {_text(step)}" for step in steps)]


def _text(step: Step) -> str:
    said = "; ".join(step.get("changes", ())) or str(step.get("error") or step.get("why"))
    return printable(f"{step['task'].rpartition(' : ')[2]}: {one_line(said)}")
