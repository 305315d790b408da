# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Machines API can answer, as errors that say what to do.

Codes and texts: Fly's Machines API as observed (status, gRPC-like prefixes, lease envelope).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..._base.errors import CollectionError, NoAnswer, UncertainWrite
from ..._base.printable import one_line
from . import advice
from .answer import Answer
from .places import kind_of, place


class FlyError(CollectionError):
    """The API refused or failed. `details` carries status, code and request_id."""

    @property
    def status(self) -> int:
        status = self.details.get("status", 0)
        return status if isinstance(status, int) else 0


class Unreachable(NoAnswer, FlyError):
    """No connection, or none that lived; nothing was written."""


class Unauthorized(FlyError):
    """401: the token is missing, wrong or expired."""


class Forbidden(FlyError):
    """403: the token is valid and may not do this."""


class NotFound(FlyError):
    """404."""


class NameTaken(FlyError):
    """The app's name is taken by another organization: names are global on Fly.io."""

    @classmethod
    def of(cls, where: str, error: Exception) -> NameTaken:
        """From the answer that refused `where`, an app that this token has no access to."""
        return cls(
            "the app's name is taken by another organization",
            where=where,
            why="names are global on Fly.io, and this token has no access to that app",
            todo="Choose another name, or use a token of the organization that owns it",
            request_id=getattr(error, "details", {}).get("request_id"),
        )


class LeaseHeld(FlyError):
    """409: another run holds the machine's lease. The text names its owner and expiry."""


class Conflict(UncertainWrite, FlyError):
    """409: something else wrote at the same time, or took the name. Nothing happened, and things are not as seen."""


class WrongState(FlyError):
    """412: the thing is not in a state in which this can be done, such as a machine that is being replaced."""


class CommandNotFound(FlyError):
    """An exec of a command that the machine's image does not have; it surely did not run."""


class ImageUnknown(FlyError):
    """The registry does not show the image: it does not exist, or was pushed a moment ago."""


class NoCapacity(FlyError):
    """There is no room. `details["scope"]` is "region", or "host" when a volume binds it to a host that is full."""


class QuotaReached(FlyError):
    """The organization may have no more of these; another region helps only where the text says so."""


class RateLimited(NoAnswer, FlyError):
    """429, and it stayed so for as long as we may wait."""


class TimedOut(FlyError):
    """408: a wait or a command did not end in time."""


class LostAnswer(UncertainWrite, FlyError):
    """A write's answer was lost (timeout, reset, 5xx): it may have happened."""


class NotTheApi(FlyError):
    """An answer that Fly.io's API does not give: a proxy's page, another server's, or a version that is unknown."""


_QUOTA = ("quota", "maximum number of", "reached the limit", "reached your limit", "add a payment method")
_FULL = (
    "insufficient resources",
    "could not reserve resource",
    "no capacity",
    "not enough capacity",
    "deploys to this host are temporarily disabled",
)
_CAPACITY_CODES = ("insufficient_capacity", "volume_placement_capacity")
_HOST = ("existing volume", "this host")
_NO_COMMAND = ("no such file or directory", "failed to spawn", "executable file not found", "command not found")
_NO_IMAGE = ("manifest_unknown", "manifest unknown")
_UNROUTED = "404 page not found"
"""What the API's router answers to a path that it does not know."""


def from_response(method: str, path: str, answer: Answer, base: str = "") -> FlyError:
    """Classify an answer that is no success. `base`: the URL of the API."""
    text, code = _text_and_code(answer.body)
    refusal = _Refusal(place(method, path), method, path, text, answer.status)
    facts: dict[str, object] = {"status": answer.status, "code": code, "request_id": answer.request_id}
    kind, what, todo, more = _classify(refusal, code)
    if answer.status < 400:
        kind, what, todo = NotTheApi, f"{base or 'the API'} redirects to another place", advice.REDIRECTED
        text = f"status {answer.status}" + (f", to {answer.location}" if answer.location else "")
    elif answer.status == 404 and text.strip() == _UNROUTED:
        todo = advice.UNROUTED.format(base=base or "the URL")
    return kind(what, where=refusal.where, why=text, todo=todo, **more, **facts)


def not_the_api(where: str, base: str, why: str, request_id: str | None = None) -> NotTheApi:
    """An answer that is not what the API documents."""
    what = f"{base or 'the server'} did not answer as Fly.io's API does"
    return NotTheApi(what, where=where, why=why, todo=advice.NOT_THE_API, request_id=request_id)


@dataclass(frozen=True)
class _Refusal:
    where: str
    method: str
    path: str
    text: str
    status: int


def _classify(refusal: _Refusal, code: str) -> tuple[type[FlyError], str, str, dict[str, object]]:
    """Its class, what happened, what to do, and more details."""
    low, status = refusal.text.lower(), refusal.status
    if status == 401:
        return Unauthorized, "Fly.io does not accept the API token", advice.UNAUTHORIZED, {}
    if status != 429 and any(word in low for word in _QUOTA):
        todo = advice.REGIONAL_QUOTA if "other regions" in low else advice.QUOTA
        return QuotaReached, "the organization's quota is reached", todo, {}
    if status == 403:
        return Forbidden, "the API token is not allowed to do this", advice.FORBIDDEN, {}
    if code == "name_taken" or "name has already been taken" in low:
        return NameTaken, "the name is taken", "Choose another name", {}
    if code in _CAPACITY_CODES or any(word in low for word in _FULL):
        return _no_capacity(refusal)
    if refusal.path.endswith("/exec") and status != 404 and any(word in low for word in _NO_COMMAND):
        return CommandNotFound, "the machine's image does not have this command", advice.NO_COMMAND, {}
    if any(word in low for word in _NO_IMAGE):
        return ImageUnknown, "Fly.io does not find the image", advice.NO_IMAGE, {}
    if status == 409 and "lease" in low:
        return LeaseHeld, "the machine's lease is held by another run", advice.LEASED, {}
    kind: type[FlyError] = _KINDS.get(status, FlyError)
    what = _WHAT.get(status) or (f"Fly.io failed ({status})" if status >= 500 else f"Fly.io refuses this ({status})")
    return kind, what, advice.todo(status, refusal.path, refusal.text), {}


_KINDS: dict[int, type[FlyError]] = {
    404: NotFound,
    408: TimedOut,
    409: Conflict,
    412: WrongState,
    429: RateLimited,
}
_WHAT = {
    404: "Fly.io does not know this (404)",
    408: "it did not end in time (408)",
    409: "another change is under way (409)",
    412: "this cannot be done in the present state (412)",
    429: "there were too many requests for Fly.io's limits (429)",
}


def _no_capacity(refusal: _Refusal) -> tuple[type[FlyError], str, str, dict[str, object]]:
    """A region that is full has neighbours; a full host holds its volumes fast, and they are never left behind."""
    existing = kind_of(refusal.path) == "machine"  # a machine that exists is on a host already
    if existing or any(word in refusal.text.lower() for word in _HOST):
        return NoCapacity, "the host of the machine or volume has no room", advice.HOST_FULL, {"scope": "host"}
    return NoCapacity, "Fly.io has no room for this", "Choose another region or a smaller size", {"scope": "region"}


def _text_and_code(body: object) -> tuple[str, str]:
    """The error's text in one line of bounded length, and its code."""
    if isinstance(body, dict):
        text = body.get("message") or body.get("error") or ""
        code = body.get("code") or body.get("status") or ""
        return one_line(str(text), 600), one_line(str(code), 60)
    return one_line(str(body or "")), ""


class ProgramFailed(CollectionError):
    """A program ended with an error, or took too long."""

    def __init__(self, what: str, log: list[str]) -> None:
        self.log = log
        super().__init__(what, log=log)
