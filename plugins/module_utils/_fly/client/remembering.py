# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that reads nothing twice, for several tasks that change nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from .answer import Answer
from .errors import FlyError
from .transport import Transport


class RememberingTransport(Transport):
    """Answers a GET that was answered before, or refused, with the same."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._known: dict[str, Answer | FlyError] = {}

    def request(self, method: str, path: str, *, query: dict[str, object] | None = None, **options: Any) -> Answer:
        if method != "GET":
            return super().request(method, path, query=query, **options)
        key = f"{path} {sorted((query or {}).items())} {options.get('bearer')}"
        if key not in self._known:
            try:
                self._known[key] = super().request(method, path, query=query, **options)
            except FlyError as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, FlyError):
            raise known
        return deepcopy(known)
