# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door through which answers enter: each is checked to be of its type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from .answer import Answer
from .errors import NotFound, not_the_api
from .places import place
from .shapes import Mismatch, typed, typed_list
from .transport import Transport

T = TypeVar("T")
MAX_PAGES = 50
"""Of one list; the longest that is known has fewer than ten."""


class Door:
    """Requests of one API whose answers have a type. Raises `NotTheApi` for an answer of another shape."""

    def __init__(self, transport: Transport, root: str = "") -> None:
        self._http, self._root = transport, root

    def ask(self, shape: type[T], method: str, path: str, body: Any = None, **options: Any) -> T:
        """Send a request (`options` as of `Transport.request`) and return its answer."""
        answer = self._http.request(method, f"{self._root}{path}", body=body, **options)
        return self._entered(lambda: typed(shape, answer.body), method, path, answer)

    def find(self, shape: type[T], path: str, **options: Any) -> T | None:
        """What is at `path`; None when there is no such thing."""
        try:
            return self.ask(shape, "GET", path, **options)
        except NotFound:
            return None

    def find_list(self, item: type[T], path: str, **options: Any) -> list[T] | None:
        """The list at `path`, empty where the API says null; None when there is no such thing."""
        try:
            answer = self._http.request("GET", f"{self._root}{path}", **options)
        except NotFound:
            return None
        return self._entered(lambda: typed_list(item, answer.body), "GET", path, answer)

    def _entered(self, check: Callable[[], T], method: str, path: str, answer: Answer) -> T:
        try:
            return check()
        except Mismatch as error:
            where = place(method, f"{self._root}{path}")
            raise not_the_api(where, self._http.base, str(error), answer.request_id) from None

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> None:
        """A request whose answer says nothing."""
        self._http.request(method, f"{self._root}{path}", body=body, **options)

    def remove(self, path: str, **options: Any) -> None:
        """What is already gone need not be removed."""
        try:
            self.send("DELETE", path, safe=True, **options)
        except NotFound:
            return

    def pages(self, where: str, page: Callable[[str], tuple[list[T], str]]) -> Iterator[T]:
        """The items of all pages. `page` gets a cursor, "" at first; returns its items and the next cursor or ""."""
        cursor, seen = "", {""}
        for _number in range(MAX_PAGES):
            items, cursor = page(cursor)
            yield from items
            if not cursor:
                return
            if cursor in seen:
                break
            seen.add(cursor)
        raise not_the_api(
            where, self._http.base, f"its list does not end: cursor {cursor[:60]!r} after {len(seen)} pages"
        )
