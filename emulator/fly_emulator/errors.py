"""What the platform refuses, and why.

The faces (REST, GraphQL, the web API) give each code the form that it has on Fly.
"""

from __future__ import annotations

from typing import ClassVar


class PlatformError(Exception):
    """A refusal; nothing was changed. `text` is what Fly would say, `code` what kind of refusal it is."""

    code: ClassVar[str]

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class InvalidArgument(PlatformError):
    code = "invalid_argument"


class Unauthenticated(PlatformError):
    code = "unauthenticated"


class Forbidden(PlatformError):
    code = "forbidden"


class NotFound(PlatformError):
    code = "not_found"


class DeadlineExceeded(PlatformError):
    code = "deadline_exceeded"


class Conflict(PlatformError):
    code = "conflict"


class FailedPrecondition(PlatformError):
    code = "failed_precondition"


class NoCapacity(FailedPrecondition):
    """412 as measured for machines on a full host; Fly marks it by the status word."""

    code = "insufficient_capacity"


class NoMemory(NoCapacity):
    """409 for a machine whose host has no room for its update or start."""

    code = "no_memory"

    def __init__(self) -> None:
        super().__init__(
            "aborted: could not reserve resource for machine: insufficient memory available to fulfill request"
        )


class NoVolumeCapacity(NoCapacity):
    """400 for a volume that finds no room."""

    code = "volume_placement_capacity"

    def __init__(self) -> None:
        super().__init__("no capacity")


class TooLarge(PlatformError):
    """A body above a limit; the status is not recorded."""

    code = "too_large"


class Unprocessable(PlatformError):
    code = "unprocessable"


class NameTaken(Unprocessable):
    code = "name_taken"

    def __init__(self) -> None:
        super().__init__("Validation failed: Name has already been taken")


class RateLimited(PlatformError):
    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__("rate limit exceeded")
        self.retry_after = retry_after
        """Seconds."""


class LeaseHeld(Conflict):
    """Somebody else holds the machine's lease."""

    code = "lease_held"

    def __init__(self, text: str, by_write: bool = False) -> None:
        super().__init__(text)
        self.by_write = by_write
        """Whether a write met it, and not whoever asked for a lease: the answers differ."""


class LeaseNotFound(NotFound):
    code = "lease_not_found"


class Internal(PlatformError):
    code = "internal"


class NotSaved(Internal):
    """The change could not be written to the state directory, so it was taken back."""

    code = "not_saved"


class Unimplemented(PlatformError):
    """Fly has it, the emulator does not."""

    code = "unimplemented"


class Pending(PlatformError):
    """It takes longer than an answer can wait; try again later."""

    code = "pending"


def invalid(text: str) -> InvalidArgument:
    return InvalidArgument(f"invalid_argument: {text}")


def precondition(text: str) -> FailedPrecondition:
    return FailedPrecondition(f"failed_precondition: {text}")


def not_found(what: str) -> NotFound:
    return NotFound(f"{what} not found")


def not_implemented(name: str) -> Unimplemented:
    return Unimplemented(f"not implemented by the emulator: {name}")
