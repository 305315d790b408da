# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong, reported so that a person can act on it.

Every error of the collection has one layout: what failed and where on the first line, then why, then what to do.
"""

from __future__ import annotations

from collections.abc import Callable

from .printable import printable, printable_all


class CollectionError(Exception):
    """One message in four parts: what happened, where, why, and what to do next.

    `where` is the user's thing: a gateway, a variable, a file. `details` is returned to the playbook as `error`, so
    that it can be tested there. No part holds a secret. Control characters of texts from elsewhere are escaped here, so
    that none reaches a terminal.
    """

    def __init__(self, what: str, *, where: str = "", why: str = "", todo: str = "", **details: object) -> None:
        self.what, self.where, self.why, self.todo = what, where, why, todo
        self.details = details
        super().__init__(what)

    def __str__(self) -> str:
        """`where: what: why. todo.`; a reason of several lines, such as a log, stands below the first line."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        why, todo = self.why.strip("\n"), sentence(self.todo.strip())
        request_id = self.details.get("request_id")
        if request_id:
            todo = f"{todo} (request {request_id})".lstrip()
        if "\n" in self.why:
            return printable("\n".join(filter(None, (f"{head}:", why, todo))))
        head = f"{head}: {why.strip()}" if why.strip() else head
        return printable(f"{sentence(head)} {todo}".rstrip())

    def __reduce__(self) -> tuple[Callable[..., CollectionError], tuple[type[CollectionError], dict[str, object]]]:
        """Ansible's workers pickle what a task holds. Subclasses take other arguments than an exception keeps."""
        return _restored, (type(self), vars(self))

    def as_dict(self) -> dict[str, object]:
        """The parts, for the playbook."""
        parts = {"what": self.what, "where": self.where, "why": self.why, "todo": self.todo}
        shown: dict[str, object] = printable_all({**parts, **self.details})
        return {"kind": type(self).__name__, **shown}


def _restored(kind: type[CollectionError], parts: dict[str, object]) -> CollectionError:
    error = kind.__new__(kind, parts["what"])
    vars(error).update(parts)
    return error


def sentence(text: str) -> str:
    """With its full stop."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


class MissingLibrary(CollectionError):
    """A Python library that this task needs is not where Ansible runs."""

    def __init__(self, name: str, needed_for: str) -> None:
        super().__init__(
            f"the Python library {name} is missing",
            why=f"it is needed for {needed_for}",
            todo=f"Install it for the Python that runs Ansible: python -m pip install {name}",
            library=name,
        )


class UncertainWrite(CollectionError):
    """A write's answer was lost, so it may have happened, or it met what another run did meanwhile.

    The engine looks before it sends again.
    """


class NoAnswer(CollectionError):
    """Nothing answers there, so that looking at what is there would fail as well."""
