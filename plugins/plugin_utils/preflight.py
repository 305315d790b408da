# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the controller knows of a host: the variables in its scope, and what other hosts of the run declare."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleError, AnsibleUndefinedVariable, AnsibleValueOmittedError
from ansible.utils.vars import load_extra_vars

from ..module_utils._openclaw.problems import Problem
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._preflight.declaration import Variables
from ..module_utils._preflight.judges import judge_variables
from ..module_utils._preflight.kinds import Undefined, named_in, nearest_choice, root, wrong
from ..module_utils._preflight.known import KINDS, LAYER, VARIABLES
from ..module_utils._preflight.variables import misspelt, suspects
from .in_worker import InWorkerAction, Unusable

ROLES = Path(__file__).parents[2] / "roles"


_DERIVED = {"config", "image"}
"""Options that are built of many variables, each of which is judged by itself."""


class _Argument:
    """An argument as the task has it, and its value; instead of that, the error of its template."""

    def __init__(self, template: Any, value: Any) -> None:
        self.template, self.value = template, value


class VariablesAction(InWorkerAction):
    """Judges the kinds of the variables, and adds to the task's arguments what a module cannot see."""

    @classmethod
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """Keep an error until the variables are judged: one of the wrong kind may be its cause."""
        try:
            return _Argument(value, super().finalize_task_arg(name, value, templar, context))
        except AnsibleValueOmittedError:
            raise
        except Exception as error:
            return _Argument(value, error)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        scope, given = task_vars or {}, self._task.args
        self._task.args = {}  # Ansible sends them with the result, and what this class keeps cannot be sent
        values = {name: each.value for name, each in given.items()}
        errors = {name: value for name, value in values.items() if isinstance(value, Exception | Unusable)}
        of_playbook = self._given(given, "playbook_variables", {})
        if found := wrong(scope, self._resolve, of_playbook, self._reached(given[name] for name in errors)):
            arguments, errors = self._without(found, given), {}
            if arguments is None:
                own = frozenset(self._given(given, "own_variables", []))
                return judge_variables(Variables(suspects(scope), own, wrong=tuple(found)))
        else:
            for name in errors.keys() - _DERIVED:
                return self._end(errors[name], tmp, task_vars)
            arguments = {name: value for name, value in values.items() if name not in errors}
        self._task.args = arguments
        seen = {**self._seen(scope), "wrong_variables": [problem.as_dict() for problem in found]}
        self._task.args = {**{name: value for name, value in seen.items() if value}, **arguments}
        result = super().run(tmp, task_vars)
        for error in () if result.get("failed") else errors.values():
            return self._end(error, tmp, task_vars)
        return result

    def _end(self, error: Exception | Unusable, tmp: str | None, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        if isinstance(error, Exception):
            raise error
        self._task.args = {"": error}
        return super().run(tmp, task_vars)

    def _without(self, found: list[Problem], given: dict[str, _Argument]) -> dict[str, Any] | None:
        """The arguments as they were if the wrong variables had their defaults, for the others to be judged.

        What a wrong variable is given to directly is left out. None where the API cannot be asked or is not known.
        """
        spec, wanted = self.module.SPEC["argument_spec"], {root(problem.path) for problem in found}
        templar = self._templar.copy_with_new_env(available_variables=self._sound(wanted))
        arguments = {}
        for name, each in given.items():
            required = spec[name].get("required", False)
            if wanted & named_in(each.template) and not required:
                continue
            try:
                arguments[name] = templar.template(each.template)
            except AnsibleError:
                if required or name in API_OPTIONS:
                    return None
        return arguments

    def _sound(self, wanted: set[str]) -> dict[str, Any]:
        """The variables, each of these with its default, or with the one of a few values that was probably meant."""
        scope = self._templar.available_variables
        defaults: dict[str, Any] = {}
        for file in sorted(ROLES.glob("*/defaults/main.yml")):
            defaults |= self._loader.load_from_file(str(file), trusted_as_template=True) or {}
        meant = {name: nearest_choice(KINDS.get(name, ""), scope[name]) or defaults.get(name) for name in wanted}
        sound = {name: value for name, value in scope.items() if name not in wanted}
        return sound | {name: value for name, value in meant.items() if value is not None}

    def _reached(self, arguments: Iterable[_Argument]) -> set[str]:
        """The variables of ours that these follow from."""
        scope, found = self._templar.available_variables, set[str]()
        left = [each.template for each in arguments]
        while left:
            names = {
                name for name in re.findall(r"\w+", str(left.pop())) if name in VARIABLES or name.startswith(LAYER)
            }
            left += [scope[name] for name in names - found if name in scope]
            found |= names
        return found

    def _given(self, given: dict[str, _Argument], name: str, default: Any) -> Any:
        """An argument's value, if it is of the default's kind."""
        value = given[name].value if name in given else default
        return value if isinstance(value, type(default)) else default

    def _resolve(self, value: Any) -> Any:
        """A template's value, or what no kind is known of."""
        try:
            return self._templar.template(value)
        except AnsibleUndefinedVariable as error:
            return Undefined(str(error))
        except AnsibleError as error:
            return error

    def _seen(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        extra_vars = load_extra_vars(self._loader)
        of_playbook = self._task.args.get("playbook_variables", {})
        return {"unknown_variables": sorted({*suspects(scope), *misspelt(extra_vars, of_playbook)})}


class PreflightAction(VariablesAction):
    """What a gateway or an app declares as a whole."""

    def _seen(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._seen(scope), "sharing": sharing(scope, self._task.args.get("app"))}


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
