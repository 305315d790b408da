"""Fly's error replies."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An error reply: `{"error": text, "status"?: code}`."""

    def __init__(self, http_status: int, text: str, status: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.http_status = http_status
        self.text = text
        self.status = status
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        return {"error": self.text, "status": self.status} if self.status else {"error": self.text}


class LeaseError(ApiError):
    """Lease trouble has a body of its own."""

    def body(self) -> dict[str, Any]:
        return {"status": "error", "message": self.text, "code": "invalid"}


def invalid(text: str) -> ApiError:
    return ApiError(400, f"invalid_argument: {text}")


def precondition(text: str) -> ApiError:
    return ApiError(412, f"failed_precondition: {text}")


def not_found(what: str) -> ApiError:
    return ApiError(404, f"{what} not found")


def not_implemented(name: str) -> ApiError:
    return ApiError(501, f"not implemented by the emulator: {name}")


def no_capacity(text: str) -> ApiError:
    """412 as measured for machines on a full host; Fly marks it by the status word."""
    return ApiError(412, text, status="insufficient_capacity")
