# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks that come after a task in its play, and what each would do if it were reached now.

Each is the play's own task, with the variables, conditions and defaults that it has there, and its action plugin is
asked in check mode: so a look and a run cannot differ in what they declare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ansible.errors import AnsibleError
from ansible.playbook.block import Block
from ansible.playbook.task import Task
from ansible.template import Templar

from .in_worker import InWorkerAction
from .settled import Settled

_OURS = "openclaw.fly."
_SAID = "openclaw_summary"
"""Prints, and does nothing else."""
_ONLY_ANSIBLE = ("loop_with", "until", "async_val", "delegate_to", "become", "run_once")
"""Keywords that only Ansible itself can carry out."""


def tasks_ahead(task: Task) -> list[Task]:
    """Those of roles after it among the play's tasks, in the order of a run in which nothing fails.

    What a block does `always` is left out: it undoes what tasks before it did, and they do nothing.
    """
    tasks = [each for block in task.get_play().tasks for each in _flat(block)]
    places = [place for place, each in enumerate(tasks) if each._uuid == task._uuid]
    found = [each for place in places[:1] for each in tasks[place + 1 :] if each._role is not None]
    if not found:
        raise AnsibleError(
            "No task of a role comes after openclaw_look in the play's tasks, so it has nothing to look at. "
            "Put it into the play's tasks, before an import_role."
        )
    return found


def _flat(entry: Block | Task) -> Iterator[Task]:
    if not isinstance(entry, Block):
        yield entry
        return
    for each in entry.block:
        yield from _flat(each)


def is_summary(task: Task) -> bool:
    return str(task.action) == _OURS + _SAID


Step = dict[str, Any]
"""{task, module, changes, diff, error, why} of a task that would do something, or of which it is not known."""


class Ahead:
    """Asks one task after the other; the variables grow by what they register."""

    def __init__(self, looking: Any, tasks: list[Task], variables: dict[str, Any]) -> None:
        self._looking = looking
        self._variables = variables
        later = [name for task in tasks for name in (*_registers(task), *task.get_vars())]
        self._settled = Settled(variables, looking._templar, later)
        self._connections: dict[tuple[object, ...], Any] = {}
        self._defaults: dict[str, Any] = {}
        self._uncounted: list[Callable[[], object]] = []

    def ask(self, task: Task) -> Step | None:
        """What it would do; None for nothing."""
        if task.action in ("meta", "ansible.builtin.meta"):
            return None
        self._settled.settle(*("{{" + str(condition) + "}}" for condition in task.when), task.args)
        scope = {**self._variables, **task.get_vars()}
        templar = self._looking._templar.copy_with_new_env(available_variables=scope)
        try:
            step = self._asked(task, templar, scope)
        except AnsibleError as error:
            step = _step(task, error=str(error))
        if step:  # from here on as in check mode: nothing is proved of a gateway that is about to change
            self._variables["ansible_check_mode"] = True
        return step

    def do_uncounted(self) -> None:
        """Do what the tasks that were asked would do and not count as a change (`changed_when`), such as a file that a
        run leaves on the controller."""
        for do in self._uncounted:
            do()

    def _asked(self, task: Task, templar: Templar, scope: dict[str, Any]) -> Step | None:
        if not _is_reached(task, templar, scope):
            self._known(task, {"changed": False, "skipped": True})
            return None
        ours = task.action.startswith(_OURS)
        if any(getattr(task, keyword) for keyword in _ONLY_ANSIBLE) or not (ours or _changed_when(task) == [False]):
            return _step(task, why="only a run shows")
        if not ours:
            self._uncounted.append(lambda: self._outcome(task, templar, scope, real=True))
            return None
        ask = self._outcome if task.loop is None else self._outcomes
        result = ask(task, templar, scope)
        self._known(task, result)
        if result.get("failed"):
            return _step(task, error=result.get("msg", ""))
        if not (result.get("changed") or result.get("changes")):
            return None
        if self._counts(task, scope):
            return _step(task, **{key: result[key] for key in ("changes", "diff") if key in result})
        self._uncounted.append(lambda: ask(task, templar, scope, real=True))
        return None

    def _counts(self, task: Task, scope: dict[str, Any]) -> bool:
        scope = {**scope, **{name: self._variables[name] for name in _registers(task)}}
        templar = self._looking._templar.copy_with_new_env(available_variables=scope)
        return all(templar.evaluate_conditional(condition) for condition in _changed_when(task))

    def _known(self, task: Task, result: dict[str, Any]) -> None:
        for name in _registers(task):
            self._settled.known(name, result)

    def _outcomes(self, task: Task, templar: Templar, scope: dict[str, Any], *, real: bool = False) -> dict[str, Any]:
        results: list[dict[str, Any]] = []
        for item in templar.template(task.loop):
            own = {**scope, "item": item}
            inner = templar.copy_with_new_env(available_variables=own)
            results.append({**self._outcome(task, inner, own, real=real), "item": item})
        failed = [result for result in results if result.get("failed")]
        return {
            "results": results,
            "changed": any(result.get("changed") for result in results),
            "changes": [change for result in results for change in result.get("changes", ())],
            **({"failed": True, "msg": failed[0].get("msg")} if failed else {}),
        }

    def _outcome(self, task: Task, templar: Templar, scope: dict[str, Any], *, real: bool = False) -> dict[str, Any]:
        own = task.copy(exclude_parent=True, exclude_tasks=True)
        own._parent = task._parent
        own.squash()
        own.args = {name: self._settled.value(value) for name, value in own.args.items()}
        own.module_defaults = [self._plain(defaults, templar) for defaults in own.module_defaults]
        own.post_validate(templar=templar._engine)
        looking = self._looking
        handler = looking._shared_loader_obj.action_loader.get(
            own.action,
            task=own,
            connection=looking._connection,
            play_context=looking._play_context,
            loader=looking._loader,
            templar=templar,
            shared_loader_obj=looking._shared_loader_obj,
        )
        if not real:
            self._only_asked(own, handler)
        outcome: dict[str, Any] = handler.run(task_vars=scope)
        return outcome

    def _only_asked(self, own: Task, handler: InWorkerAction) -> None:
        name = own.action.removeprefix(_OURS)
        # What only reads does the same in both modes, and the summary is that of a run in which nothing changes.
        own.check_mode = own.check_mode or not (name.endswith(("_info", "_preflight")) or name == _SAID)
        if "wait_timeout" in handler.module.SPEC["argument_spec"]:
            own.args["wait_timeout"] = 0
        handler.connections, handler.silent = self._connections, name != _SAID

    def _plain(self, defaults: dict[str, Any], templar: Templar) -> dict[str, Any]:
        """Evaluated once for all tasks: how to reach Fly.io is the same for each."""
        key = repr(defaults)
        if key not in self._defaults:
            self._defaults[key] = templar.template(defaults)
        plain: dict[str, Any] = self._defaults[key]
        return plain


def _step(task: Task, **found: Any) -> Step:
    return {"task": task.get_name(), "module": task.action, **found}


def _changed_when(task: Task) -> list[Any]:
    return task.changed_when if isinstance(task.changed_when, list) else [task.changed_when]


def _registers(task: Task) -> list[str]:
    # Since ansible-core 2.21 a name stands as {name: what is kept under it}.
    return [task.register] if isinstance(task.register, str) else list(task.register or ())


def _is_reached(task: Task, templar: Templar, scope: dict[str, Any]) -> bool:
    play = task.get_play()
    if not task.evaluate_tags(play.only_tags, play.skip_tags, scope):
        return False
    return all(templar.evaluate_conditional(condition) for condition in task.when)
