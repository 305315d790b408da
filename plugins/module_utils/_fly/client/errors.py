# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Machines API can answer, as errors that say what to do.

Codes and texts: Fly's Machines API as observed (status, gRPC-like prefixes, lease envelope).
"""

from __future__ import annotations

from typing import Any

from ..._base.errors import CollectionError, NoAnswer, UncertainWrite


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
    """The app's name belongs to somebody else: names are global on Fly.io."""


class LeaseHeld(FlyError):
    """409: another run holds the machine's lease. The text names its owner and expiry."""


class Conflict(UncertainWrite, FlyError):
    """409: something else wrote at the same time, or took the name. Nothing happened, and things are not as seen."""


class WrongState(FlyError):
    """412: the thing is not in a state in which this can be done, such as a machine that is being replaced."""


class NoCapacity(FlyError):
    """There is no room. `details["scope"]` is "region", or "host" when a volume binds it to a host that is full."""


class QuotaReached(FlyError):
    """The organization may have no more of these; no other region helps."""


class RateLimited(NoAnswer, FlyError):
    """429, and it stayed so for as long as we may wait."""


class TimedOut(FlyError):
    """408: a wait or a command did not end in time."""


class LostAnswer(UncertainWrite, FlyError):
    """A write's answer was lost (timeout, reset, 5xx): it may have happened."""


_QUOTA = ("quota", "maximum number of", "reached the limit", "reached your limit")
_FULL = (
    "insufficient resources",
    "could not reserve resource",
    "no capacity",
    "not enough capacity",
    "deploys to this host are temporarily disabled",
)
_HOST = ("existing volume", "this host")


def from_response(method: str, path: str, status: int, body: Any, request_id: str | None) -> FlyError:
    """Classify an answer of 400 or more. `body` is decoded JSON or text."""
    text, code = _text_and_code(body)
    facts: dict[str, Any] = {"status": status, "code": code, "request_id": request_id}
    where = f"{method} {path}"
    low = text.lower()
    if status == 401:
        return Unauthorized(
            "Fly.io does not accept the API token",
            where=where,
            why=text,
            todo="Give a valid token with api_token or FLY_API_TOKEN (fly tokens create deploy -a APP)",
            **facts,
        )
    if status != 429 and any(word in low for word in _QUOTA):
        return QuotaReached(
            "the organization's quota is reached",
            where=where,
            why=text,
            todo="Remove what is not needed, or ask Fly.io for more (billing page of the organization)",
            **facts,
        )
    if status == 403:
        return Forbidden(
            "the API token may not do this",
            where=where,
            why=text,
            todo="Use a token whose scope covers it: an org token creates apps, an app's deploy token does the rest",
            **facts,
        )
    if code == "name_taken" or "name has already been taken" in low:
        return NameTaken("the name is taken", where=where, why=text, todo="Choose another name", **facts)
    if code == "insufficient_capacity" or any(word in low for word in _FULL):
        return _no_capacity(where, text, facts)
    if status == 409 and "lease" in low:
        return LeaseHeld("the machine is held by another run", where=where, why=text, todo="Try again later", **facts)
    if status == 409:
        return Conflict("another change is under way", where=where, why=text, todo="Run again", **facts)
    if status == 412:
        return WrongState("this cannot be done in the present state", where=where, why=text, todo="Run again", **facts)
    if status == 429:
        todo = "Run again, with fewer hosts at once (forks)"
        return RateLimited("too many requests for Fly.io's limits", where=where, why=text, todo=todo, **facts)
    kind: type[FlyError] = {404: NotFound, 408: TimedOut}.get(status, FlyError)
    return kind(f"Fly.io answered {status}", where=where, why=text, **facts)


def _no_capacity(where: str, text: str, facts: dict[str, Any]) -> NoCapacity:
    """A region that is full has neighbours; a full host holds its volumes fast, and they are never left behind."""
    if any(word in text.lower() for word in _HOST):
        todo = (
            "The volume and its data stay where they are. Try again later, choose a smaller size, or move the data: "
            "fork the volume to another host with fly_volume fork_from, and give the copy to fly_deploy as volume"
        )
        return NoCapacity("the volume's host has no room", where=where, why=text, todo=todo, scope="host", **facts)
    todo = "Choose another region or a smaller size"
    return NoCapacity("Fly.io has no room for this", where=where, why=text, todo=todo, scope="region", **facts)


def _text_and_code(body: Any) -> tuple[str, str]:
    if isinstance(body, dict):
        text = body.get("message") or body.get("error") or ""
        code = body.get("code") or body.get("status") or ""
        return str(text), str(code)
    return str(body or "").strip()[:300], ""


class ProgramFailed(CollectionError):
    """A program ended with an error, or took too long."""

    def __init__(self, what: str, log: list[str]) -> None:
        self.log = log
        super().__init__(what, log=log)
