# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What S3-compatible storage refuses, in words: by its code, else by its status."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from .._base import clock
from .._base.errors import CollectionError
from .._base.printable import one_line
from .store import StoreFailed

_RIGHTS = "Allow the access key to list the bucket, and to read, write and delete its objects"
_KEYS = "Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or access_key and secret_key in fly_app_backup_s3"
_FULL = (
    "the storage is full, or takes no more of this account",
    "Raise its quota or free some of it (fly_app_backup_keep keeps fewer backups), and run again",
)
_REGION = (
    "the bucket is in another region, or at another endpoint",
    "Set region and endpoint in fly_app_backup_s3, or AWS_REGION and AWS_ENDPOINT_URL_S3",
)
_LATER = ("the storage cannot answer now", "Run again later")
_EXPIRED = ("the session token is not valid any more", "Get new credentials (AWS_SESSION_TOKEN), and run again")
_DENIED = ("the access key is not allowed to do that", _RIGHTS)
_BY_CODE: Final[Mapping[str, tuple[str, str]]] = {
    "NoSuchBucket": ("the bucket does not exist", "Create the bucket, or correct its name or the endpoint"),
    "InvalidBucketName": ("the storage takes no bucket of this name", "Correct its name"),
    "InvalidAccessKeyId": ("the storage does not know the access key", _KEYS),
    "SignatureDoesNotMatch": ("the secret key is not the one of the access key", _KEYS),
    "ExpiredToken": _EXPIRED,
    "InvalidToken": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "PermanentRedirect": _REGION,
    "AccessDenied": _DENIED,
    "EntityTooLarge": _FULL,
    "InsufficientStorage": _FULL,
    "QuotaExceeded": _FULL,
    "XMinioStorageFull": _FULL,
}
_BY_STATUS: Final[Mapping[int, tuple[str, str]]] = {
    301: _REGION,
    401: _DENIED,
    403: _DENIED,
    413: _FULL,
    429: _LATER,
    500: _LATER,
    502: _LATER,
    503: _LATER,
    504: _LATER,
    507: _FULL,
}


def failed(error: Exception, what: str, where: str, endpoint: str) -> CollectionError:
    """What botocore raised, as an error of ours."""
    answer: Mapping[str, Any] | None = getattr(error, "response", None)
    return _refused(answer, what, where) if answer else _unanswered(error, what, where, endpoint)


def no_credentials(where: str) -> StoreFailed:
    todo = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where Ansible runs, or both keys in fly_app_backup_s3"
    return StoreFailed("there are no credentials for the bucket", where=where, todo=todo)


def _refused(answer: Mapping[str, Any], what: str, where: str) -> CollectionError:
    meta, said = answer.get("ResponseMetadata") or {}, answer.get("Error") or {}
    code, status = str(said.get("Code") or ""), int(meta.get("HTTPStatusCode") or 0)
    details = {"code": code, "status": status, "request_id": meta.get("RequestId") or None}
    if code in ("NoSuchKey", "404"):
        why = "it does not exist"
        return CollectionError(what, where=where, why=why, todo="Use another backup", **details)
    if code == "RequestTimeTooSkewed":
        why, todo = (
            f"the clock of this machine is wrong{_skew(meta)}",
            "Set it (timedatectl set-ntp true), and run again",
        )
        return StoreFailed(what, where=where, why=why, todo=todo, **details)
    words = _BY_CODE.get(code) or _BY_STATUS.get(status)
    told = one_line(f"{code or status}: {said.get('Message') or 'without a reason'}", 200)
    why, todo = words or (told, "Look it up in the documentation of the storage")
    shown = f"{why} ({code or status})" if words else why
    return StoreFailed(what, where=where, why=shown, todo=todo, **details)


def _skew(meta: Mapping[str, Any]) -> str:
    """How far off, from the answer's date."""
    try:
        theirs = parsedate_to_datetime((meta.get("HTTPHeaders") or {})["date"])
    except (KeyError, TypeError, ValueError):
        return ""
    return f": it differs by {abs(clock.now() - theirs.timestamp()) / 60:.0f} minutes from that of the storage"


def _unanswered(error: Exception, what: str, where: str, endpoint: str) -> StoreFailed:
    kind = type(error).__name__
    if "Credential" in kind or kind in ("ProfileNotFound", "ConfigNotFound", "TokenRetrievalError"):
        return StoreFailed(what, where=where, why=one_line(str(error), 200), todo=_KEYS)
    why = f"{endpoint} cannot be reached: {one_line(str(error), 200)}"
    todo = "Check the network, and the endpoint (fly_app_backup_s3, AWS_ENDPOINT_URL_S3)"
    return StoreFailed(what, where=where, why=why, todo=todo)
