# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong, said so that a person can act on it."""

from __future__ import annotations


class CollectionError(Exception):
    """One message in four parts: what happened, where, why, and what to do next.

    `details` is returned to the playbook as `error`, so that it can be tested there; it holds no secret.
    """

    def __init__(self, what: str, *, where: str = "", why: str = "", todo: str = "", **details: object) -> None:
        self.what, self.where, self.why, self.todo = what, where, why, todo
        self.details = details
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.why:
            text += f": {self.why}"
        text = text.rstrip(".") + "."
        if self.todo:
            text += f" {self.todo.rstrip('.')}."
        request_id = self.details.get("request_id")
        return f"{text} (request {request_id})" if request_id else text

    def as_dict(self) -> dict[str, object]:
        parts = {"what": self.what, "where": self.where, "why": self.why, "todo": self.todo}
        return {"kind": type(self).__name__, **parts, **self.details}


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
