"""Fly's error replies: `{"error": text, "status"?: code}`."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..errors import LeaseHeld, LeaseNotFound, NameTaken, NoCapacity, NoMemory, PlatformError, RateLimited

STATUSES = {
    "invalid_argument": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "lease_not_found": 404,
    "deadline_exceeded": 408,
    "conflict": 409,
    "lease_held": 409,
    "failed_precondition": 412,
    "insufficient_capacity": 412,
    "no_memory": 409,
    "volume_placement_capacity": 400,
    "too_large": 413,
    "unprocessable": 422,
    "name_taken": 422,
    "rate_limited": 429,
    "internal": 500,
    "not_saved": 500,
    "unimplemented": 501,
    "pending": 504,
}


def reply(error: PlatformError) -> web.Response:
    """The answer to a request that the platform refuses."""
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else None
    return web.json_response(_body(error), status=STATUSES[error.code], headers=headers)


def _body(error: PlatformError) -> dict[str, Any]:
    if isinstance(error, NoMemory) or (isinstance(error, LeaseHeld) and error.by_write):
        return {"error": error.text}
    if isinstance(error, LeaseHeld | LeaseNotFound):
        return {"status": "error", "message": error.text, "code": "invalid"}
    if isinstance(error, NameTaken | NoCapacity):
        return {"error": error.text, "status": error.code}
    return {"error": error.text}
