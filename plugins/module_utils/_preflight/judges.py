# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be known to fail before anything is changed, in one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._openclaw.problems import ConfigRefused, Problem
from . import app, gateway, variables
from .declaration import Declaration

Judge = Callable[[Declaration], Iterable[Problem]]
"""Looks at one thing. A problem's path is what the user wrote: a variable, or a path in openclaw.json."""

APP: tuple[Judge, ...] = (
    variables.unknown,
    variables.shared_app,
    app.files_have_a_folder,
    app.files_out_of_git,
    app.name,
    app.token,
    app.image,
    app.region,
    app.machine_size,
    app.volume,
    app.env,
    app.secrets,
    app.host_names,
    app.publishing,
)
GATEWAY: tuple[Judge, ...] = (
    gateway.command,
    gateway.release,
    gateway.memory,
    gateway.config_on_the_volume,
    gateway.config,
    gateway.secrets,
    gateway.packages,
    gateway.waivers,
)


def judge(declaration: Declaration) -> dict[str, Any]:
    """Return {problems, token}; `failed` with all problems in one message when there are any."""
    judges = APP + GATEWAY if declaration.gateway else APP
    problems = _once(problem for each in judges for problem in each(declaration))
    result: dict[str, Any] = {
        "changed": False,
        "problems": [problem.as_dict() for problem in problems],
        "token": declaration.platform.token,
    }
    if problems:
        refused = ConfigRefused(problems, f"app {declaration.app.name}", kept="Nothing was changed.")
        result.update(failed=True, msg=str(refused))
    return result


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Two judges may find the same; the first says it."""
    found: dict[tuple[str, str], Problem] = {}
    tokens = set()
    for problem in problems:
        if problem.rule == "channel-token":
            tokens.add(f"fly_app_secrets.{problem.path}")
        if problem.path not in tokens:
            found.setdefault((problem.path, problem.message), problem)
    return list(found.values())
