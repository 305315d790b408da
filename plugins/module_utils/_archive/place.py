# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The place for backups, as an inventory names it: a folder of the controller, or a bucket as s3://BUCKET/PREFIX."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .._base.errors import CollectionError
from .folder_store import FolderStore
from .s3_store import Access, Bucket, S3Store
from .store import Store

S3_OPTIONS = ("endpoint", "region", "access_key", "secret_key", "session_token", "path_style")
_SCHEME = re.compile(r"(?i)(s3:|[a-z][a-z0-9+.-]*://)")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def is_bucket(place: str) -> bool:
    """Whether it is an address, and no path of a folder."""
    return bool(_SCHEME.match(place))


def store_of(place: str, s3: Mapping[str, Any] | None = None, secret: Callable[[str], object] = str) -> Store:
    """The store at a place. Raises for one that has no form of a place; asks it nothing.

    `s3` is how to reach a bucket: what of S3_OPTIONS is given. `secret` is given what must be masked.
    """
    return S3Store(bucket_of(place), access_of(s3 or {}), secret) if is_bucket(place) else FolderStore(place)


def bucket_of(place: str) -> Bucket:
    """Raises for what is no s3://BUCKET/PREFIX."""
    name, _slash, prefix = place.removeprefix("s3://").partition("/")
    parts = [part for part in prefix.split("/") if part]
    if not place.startswith("s3://"):
        why = "it begins as an address, and not as one of a bucket"
    elif not _BUCKET.fullmatch(name) or ".." in name:
        why = f"{name!r} is no name of a bucket (3 to 63 small letters, digits, dots and dashes)"
    elif {".", ".."} & {*parts} or re.search(r"[\x00-\x1f\x7f?#]", prefix):
        why = f"{prefix!r} is no prefix of names"
    else:
        return Bucket(name, "/".join(parts))
    raise CollectionError(
        "this is no place for backups", where=place, why=why, todo="Write s3://BUCKET/PREFIX, or the path of a folder"
    )


def access_of(given: Mapping[str, Any]) -> Access:
    """Raises for an endpoint that is no URL, and for half a pair of keys."""
    endpoint = str(given.get("endpoint") or "")
    if endpoint and not _is_endpoint(endpoint):
        raise CollectionError(
            "the endpoint is no URL of a storage",
            where=endpoint if "@" not in endpoint else "endpoint",
            why="it must be https:// and a host, without the bucket",
            todo="Write it as https://fly.storage.tigris.dev",
        )
    keys = [str(given.get(name) or "") for name in ("access_key", "secret_key")]
    if any(keys) and not all(keys):
        missing = "secret_key" if keys[0] else "access_key"
        todo = f"Give {missing} too, or neither: then AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are read"
        raise CollectionError("half of the keys for the bucket is missing", where=missing, todo=todo)
    return Access(
        endpoint=endpoint,
        region=str(given.get("region") or ""),
        access_key=keys[0],
        secret_key=keys[1],
        session_token=str(given.get("session_token") or ""),
        path_style=bool(given.get("path_style")),
    )


def _is_endpoint(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)
    return bool(host) and bare and parts.scheme in ("https", "http")
