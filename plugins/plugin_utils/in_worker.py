# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module of this collection in Ansible's worker process.

A module in a process of its own costs about half a second of CPU; the same body in the worker costs a few
milliseconds. What the worker cannot give (another host, another user, a background job) goes to the ordinary
module. What it would silently lose (`environment:`, masking) is done here.
"""

from __future__ import annotations

import gc
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader, filter_loader, lookup_loader, shell_loader, test_loader
from ansible.utils.display import Display

from ..module_utils._base import clock
from ..module_utils._base.errors import CollectionError
from ..module_utils._converge.context import Context
from ..module_utils._converge.masking import mask_result, mask_text
from ..module_utils._converge.run import ended, failed, run
from .unusable import refused

display = Display()
_VALIDATION = (
    "mutually_exclusive",
    "required_together",
    "required_one_of",
    "required_if",
    "required_by",
)
_TAGGED = re.compile(r"[\w.]*\b_AnsibleTagged(\w+)")


_RUN_ID = f"{socket.gethostname()}/{os.path.basename(C.DEFAULT_LOCAL_TMP)}"
"""Ansible makes that folder for one run; all its workers have the same."""
_USER = os.environ.get("USER") or f"user {os.getuid()}"
_RUN_NAME = f"{_USER} on {socket.gethostname()}, process {os.getpid()}, since {clock.text(clock.now())}"


def _load_plugins() -> None:
    """Load what tasks use besides their action. Ansible loads a filter, a test or a lookup where it is first used,
    which is in each worker again: 5 ms of CPU for its own filters, and as much for ours."""
    filter_loader.get("openclaw.fly.memory_mb")
    filter_loader.get("ansible.builtin.length")  # Jinja's; looked for among Ansible's first
    test_loader.get("ansible.builtin.changed")
    connection_loader.get("ansible.builtin.local", class_only=True)
    shell_loader.get("ansible.builtin.sh", class_only=True)
    for name in ("openclaw.fly.connection", "openclaw.fly.gateway_token"):
        lookup_loader.get(name, class_only=True)
    for name in ("env", "vars", "varnames"):
        lookup_loader.get(f"ansible.builtin.{name}", class_only=True)


_load_plugins()


class Unusable:
    """Stands for an argument whose value a lookup or filter of ours refused."""

    def __init__(self, error: CollectionError) -> None:
        self.error = error


class InWorkerAction(ActionBase):
    """Base of this collection's action plugins; a subclass names its module."""

    module: ModuleType
    """The module's Python module: `SPEC` (AnsibleModule's arguments) and `body`."""
    libraries: ClassVar[tuple[str, ...]] = ()
    """Third-party libraries that the body imports. Ansible loads this class before it forks a worker for each host,
    so what is imported with it is imported once and not once a host."""

    connections: dict[tuple[object, ...], Any] | None = None
    """Given by openclaw_look, which asks many tasks what they would do: they share connections."""
    silent = False

    _requires_connection = False
    _supports_async = True
    _supports_check_mode = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in cls.libraries:
            with suppress(ImportError):
                import_module(name)
        # What is loaded by now stays as long as Ansible does. Taken out of the garbage collector's sight, its memory is
        # not copied into each worker by a collection that finds nothing; it is a tenth of a task's CPU.
        gc.freeze()

    @classmethod
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """Keep an error of ours until the task fails with it: Ansible would put two lines of its own before it."""
        try:
            final = super().finalize_task_arg(name, value, templar, context)
            return Unusable(error) if (error := refused(final)) else final
        except Exception as error:
            ours = _ours(error)
            if ours is None:
                raise
            return Unusable(ours)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        for value in self._task.args.values():
            if isinstance(value, Unusable):
                return {**result, **failed(value.error, Context())}
        if self._needs_a_process():
            result.update(self._run_as_module(task_vars))
            return result
        spec = self.module.SPEC
        context = self._context()
        with self._task_environment():
            params, masked = self._arguments(spec, task_vars)
            result.update(self._outcome(params, context))
        result |= self._invocation(params, task_vars)
        result = mask_result(result, masked | context.secrets)
        if "exception" in result:
            display.vvv(str(result.pop("exception")))
        return result

    def _context(self) -> Context:
        return Context(
            check_mode=self._task.check_mode,
            diff=self._task.diff,
            progress=self._say,
            warn=display.warning,
            run_id=_RUN_ID,
            run_name=_RUN_NAME,
            run_folder=C.DEFAULT_LOCAL_TMP,
            looks=self.connections is not None,
            connections=self.connections,
            traceback=display.verbosity >= 3,
        )

    def _outcome(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        try:
            return run(self.module.body, params, context)
        except BaseException as error:
            # Ansible raises it into whatever a task does when its `timeout` is over.
            if type(error).__name__ != "TaskTimeoutError":
                raise
            period = self._task.timeout
            message = f"The task did not end within its timeout of {period} s. Give it more time, or run it again."
            return {**ended(message, context), "timedout": {"period": period}}

    def _needs_a_process(self) -> bool:
        return bool(
            self._task.async_val
            or self._task.become
            or self._connection.transport not in ("local", "ansible.builtin.local")
        )

    def _invocation(self, params: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Tell the arguments when a module would: on demand since ansible-core 2.21, before that always."""
        try:
            tells = C.config.get_config_value("INJECT_INVOCATION", variables=task_vars)
        except AnsibleError:
            tells = True
        return {"invocation": {"module_args": params}} if tells else {}

    def _run_as_module(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        in_background = bool(self._task.async_val) and not self._connection.has_native_async
        if not in_background and self._connection._shell.tmpdir is None:
            self._make_tmp_path()
        try:
            outcome: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=in_background)
            return outcome
        finally:
            if not in_background:
                self._remove_tmp_path(self._connection._shell.tmpdir)

    def _arguments(self, spec: dict[str, Any], task_vars: dict[str, Any] | None) -> tuple[dict[str, Any], set[str]]:
        """Validate as AnsibleModule does, with its words; return the parameters and what to mask."""
        validator = ArgumentSpecValidator(
            spec["argument_spec"], **{key: spec[key] for key in _VALIDATION if key in spec}
        )
        arguments = dict(self._task.args.items())
        outcome = validator.validate(arguments)
        masked = set(outcome._no_log_values)
        if outcome.error_messages:
            message = outcome.errors.msg
            if isinstance(outcome.errors[0], UnsupportedError):
                message = f"Unsupported parameters for ({self._task.resolved_action}) module: {message}"
            # Templated values are of ansible-core's own types; a module gets them as plain ones.
            message = _TAGGED.sub(lambda found: found[1].lower(), message)
            given = self._invocation(remove_values(outcome.validated_parameters, masked), task_vars)
            raise AnsibleActionFail(mask_text(message, masked), result=given)
        return outcome.validated_parameters, masked

    @contextmanager
    def _task_environment(self) -> Iterator[None]:
        """Let the task's `environment:` hold while the body runs, and leave os.environ as found."""
        wanted: dict[str, Any] = {}
        self._compute_environment_string(wanted)
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update({name: str(value) for name, value in wanted.items()})
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _say(self, line: str) -> None:
        if not (self._task.no_log or self.silent):
            display.display(f"  {line}")


def _ours(error: BaseException | None) -> CollectionError | None:
    """The error of ours that another was raised from."""
    while error is not None and not isinstance(error, CollectionError):
        error = error.__cause__
    return error
