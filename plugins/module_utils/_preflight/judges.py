# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be known to fail before anything is changed, in one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .._base.errors import CollectionError
from .._openclaw.config_sources import named
from .._openclaw.problems import ConfigRefused, Problem
from . import app, gateway, variables
from .declaration import Declaration, Variables
from .kinds import root

Judge = Callable[[Declaration], Iterable[Problem]]
"""Looks at one thing. A problem's path is what the user wrote: a variable, or a path in openclaw.json."""

APP: tuple[Judge, ...] = (
    app.shared_app,
    app.files_have_a_folder,
    app.files_out_of_git,
    app.name,
    app.retirement,
    app.token,
    app.image,
    app.region,
    app.port,
    app.machine_size,
    app.times,
    app.programs,
    app.build,
    app.builder,
    app.volume,
    app.env,
    app.secrets,
    app.host_names,
    app.publishing,
)
GATEWAY: tuple[Judge, ...] = (
    gateway.command,
    gateway.authority,
    gateway.release,
    gateway.failed_release,
    gateway.memory,
    gateway.volume,
    gateway.config_on_the_volume,
    gateway.config,
    gateway.secrets,
    gateway.packages,
    gateway.skills,
    gateway.waivers,
)
_KEPT = "Nothing was changed."


def judge(declaration: Declaration) -> dict[str, object]:
    """Return {problems, token}; `failed` with all problems in one message when there are any."""
    judges = APP + GATEWAY if declaration.gateway else APP
    try:
        found = [problem for each in judges for problem in each(declaration)]
        token = declaration.platform.token
    except CollectionError:
        if not any(_of_variables(declaration.variables)):
            raise
        return judge_variables(declaration.variables, declaration.app.name)
    if declaration.gateway:
        found = named(found, declaration.gateway.sources)
    wrong = declaration.variables.names
    found = [each for each in _once(found) if not wrong & {each.variable, root(each.path)}]
    verdict = _verdict([*_of_variables(declaration.variables), *found], f"app {declaration.app.name}")
    return {**verdict, "token": token}


def judge_variables(declared: Variables, app: str = "") -> dict[str, object]:
    """Return {problems} of the variables' names and kinds, which needs no request."""
    return _verdict(list(_of_variables(declared)), f"app {app}" if app else "")


def _of_variables(declared: Variables) -> Iterator[Problem]:
    yield from variables.unknown(declared)
    yield from declared.wrong


def _verdict(problems: list[Problem], where: str) -> dict[str, object]:
    result: dict[str, object] = {"changed": False, "problems": [problem.as_dict() for problem in problems]}
    if problems:
        result.update(failed=True, msg=str(ConfigRefused(problems, where, kept=_KEPT, of="variables")))
    return result


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Two judges may find the same; the first says it. What a port that is none leads to goes without saying."""
    problems = list(problems)
    ports = {problem.path for problem in problems if problem.rule == "port"}
    found: dict[tuple[str, str], Problem] = {}
    tokens = set()
    for problem in problems:
        if problem.rule == "channel-token":
            tokens.add(f"fly_app_secrets.{problem.path}")
        if problem.path not in tokens and problem.variable not in ports:
            found.setdefault((problem.path, problem.message), problem)
    return list(found.values())
