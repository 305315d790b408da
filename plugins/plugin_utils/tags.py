# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags that a run names and that its playbooks do not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook import Playbook
from ansible.playbook.block import Block
from ansible.utils.collection_loader._collection_finder import _get_collection_playbook_path
from ansible.vars.manager import VariableManager

_OF_ANSIBLE = {"all", "always", "never", "tagged", "untagged"}
_INCLUDES = ("include_tasks", "include_role")


def require_known_tags(loader: DataLoader) -> None:
    """Raise when --tags or --skip-tags has a tag that nothing has: Ansible would do nothing of it, and report success.

    The playbooks are read again for it; a run without these options is not slowed.
    """
    given = {option: sorted({*(context.CLIARGS.get(option) or ())} - _OF_ANSIBLE) for option in _OPTIONS}
    if not any(given.values()):
        return
    known: set[str] = set()
    for play in (play for name in context.CLIARGS["args"] for play in _plays(name, loader)):
        for task in _tasks(play.compile()):
            known |= set(task.tags)
            if "always" in task.tags and task.action.rpartition(".")[2] in _INCLUDES:
                return  # it is included whatever the tags are, and what has tags in it is not known yet
        known |= set(play.tags)
    known -= _OF_ANSIBLE
    for option, tags in given.items():
        for tag in tags:
            # What is skipped may be nobody's: Molecule always skips tags of its own. A near one is a slip.
            if tag not in known and (option == "tags" or get_close_matches(tag, known, 1)):
                raise AnsibleError(_message(_OPTIONS[option], tag, sorted(known)))


_OPTIONS = {"tags": "--tags", "skip_tags": "--skip-tags"}


def _plays(name: str, loader: DataLoader) -> list[Any]:
    found = _get_collection_playbook_path(name)
    path = found[1] if found else name
    plays: list[Any] = Playbook.load(path, variable_manager=VariableManager(loader=loader), loader=loader).get_plays()
    return plays


def _tasks(entries: list[Any]) -> Iterator[Any]:
    for entry in entries:
        if isinstance(entry, Block):
            yield from _tasks([*entry.block, *entry.rescue, *entry.always])
        else:
            yield entry


def _message(option: str, tag: str, known: list[str]) -> str:
    if not known:
        return f"{option} {tag}: nothing in the playbook has a tag, so nothing would be done. Run it without {option}."
    near = get_close_matches(tag, known, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{option} {tag}: nothing in the playbook has this tag.{meant} Its tags: {', '.join(known)}."
