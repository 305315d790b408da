# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of this run, as a person types it, so that a message can name the next one."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from ansible import constants as C
from ansible import context

COLLECTION = "openclaw.fly"


def playbook_command() -> str:
    """The command that runs a playbook of this collection, {0} for its name: "ansible-playbook openclaw.fly.{0}"."""
    playbooks = context.CLIARGS.get("args") or ()
    inventories = context.CLIARGS.get("inventory") or ()
    given = [] if list(inventories) == list(C.DEFAULT_HOST_LIST) else [f"-i {_typed(source)}" for source in inventories]
    return " ".join([_program(), *given, _playbook(str(playbooks[0]) if playbooks else "")])


def _program() -> str:
    program = Path(sys.argv[0])
    if program.name != "ansible-playbook":
        return "ansible-playbook"
    found = shutil.which(program.name)
    return program.name if found and Path(found).samefile(program) else _typed(str(program))


def _playbook(given: str) -> str:
    """Beside a playbook of a checkout are its other playbooks; anything else is a playbook of the user's."""
    folder = Path(given).parent
    if given.endswith((".yml", ".yaml")) and (folder.parent / "galaxy.yml").exists() and (folder / "site.yml").exists():
        return f"{_typed(str(folder))}/{{0}}.yml"
    return f"{COLLECTION}.{{0}}"


def _typed(source: str) -> str:
    """A path as it is typed from here; a list of hosts (`name,`) as it is."""
    near = source if "," in source else os.path.relpath(source)
    return shlex.quote(near if not near.startswith("../..") else os.path.abspath(source))
