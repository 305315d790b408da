# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups in a bucket of S3-compatible storage (AWS S3, Tigris, R2 and others).

By botocore, which signs, retries and finds credentials as people expect of AWS's own tools. A part is one object of one
request: it is there whole or not at all, and its digest is signed, so that what changes on the way is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from .._base.errors import CollectionError, MissingLibrary
from .._base.version import USER_AGENT
from .s3_errors import failed, no_credentials

_CONNECT, _READ, _ATTEMPTS = 10, 60, 4
"""Seconds, seconds without a byte, and how often a request is sent at most."""
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes of an object that are read: no part and no manifest is larger."""
_REGION: Final = "us-east-1"
"""Where none is given: storages that know no regions take it."""
_Given = TypeVar("_Given")


@dataclass(frozen=True)
class Bucket:
    name: str
    prefix: str = ""
    """Without slashes around it."""

    @property
    def place(self) -> str:
        return "/".join(filter(None, (f"s3://{self.name}", self.prefix)))

    def key(self, name: str) -> str:
        return "/".join(filter(None, (self.prefix, name)))

    def name_of(self, key: str) -> str:
        return key.removeprefix(f"{self.prefix}/") if self.prefix else key


@dataclass(frozen=True)
class Access:
    """How to reach a bucket; what is empty is looked for where AWS's own tools look."""

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    path_style: bool = False
    """Whether the bucket is in the path of a request, and not in its host."""


class S3Store:
    def __init__(self, bucket: Bucket, access: Access, secret: Callable[[str], object]) -> None:
        self._bucket, self._access, self._secret = bucket, access, secret
        self.place = bucket.place

    def check(self) -> None:
        """A bucket that can be listed; whether it takes an object shows only when one is written."""
        prefix = self._bucket.key("")
        self._ask(
            "the bucket cannot be used",
            self.place,
            lambda: self._client.list_objects_v2(Bucket=self._bucket.name, Prefix=prefix, MaxKeys=1),
        )

    def require(self) -> None:
        self.check()

    def folders(self) -> list[str]:
        found = set()
        for page in self._pages(self._prefix(""), Delimiter="/"):
            found |= {self._bucket.name_of(each["Prefix"]).strip("/") for each in page.get("CommonPrefixes") or []}
        return sorted(found - {""})

    def sizes(self, prefix: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for page in self._pages(self._prefix(prefix)):
            for each in page.get("Contents") or []:
                if not each["Key"].endswith("/"):  # what a console makes for a folder
                    found[self._bucket.name_of(each["Key"])] = int(each["Size"])
        return found

    def read(self, name: str) -> bytes:
        what, where, key = "a part of the backup cannot be read", f"{self.place}/{name}", self._bucket.key(name)

        def got() -> bytes:
            body = self._client.get_object(Bucket=self._bucket.name, Key=key)["Body"]
            with body:
                return bytes(body.read(_LARGEST + 1))

        content = self._ask(what, where, got, again=_ATTEMPTS - 1)
        if len(content) > _LARGEST:
            why = f"it has more than {_LARGEST // 1024**2} MB, so it is no part of a backup"
            raise CollectionError(what, where=where, why=why, todo="Use another backup")
        return content

    def write(self, name: str, content: bytes) -> None:
        key = self._bucket.key(name)
        self._ask(
            "the backup cannot be stored",
            f"{self.place}/{name}",
            lambda: self._client.put_object(Bucket=self._bucket.name, Key=key, Body=content),
        )

    def remove(self, name: str) -> None:
        key = self._bucket.key(name)
        self._ask(
            "the backup cannot be removed",
            f"{self.place}/{name}",
            lambda: self._client.delete_object(Bucket=self._bucket.name, Key=key),
        )

    def _prefix(self, below: str) -> str:
        """Of keys; never half a name of a folder."""
        key = self._bucket.key(below)
        return key if not key or key.endswith("/") else f"{key}/"

    def _pages(self, prefix: str, **how: str) -> Iterator[dict[str, Any]]:
        def page() -> dict[str, Any]:
            found: dict[str, Any] = self._client.list_objects_v2(Bucket=self._bucket.name, Prefix=prefix, **how)
            return found

        while True:
            got = self._ask("the backups cannot be listed", self.place, page)
            yield got
            if not got.get("IsTruncated"):
                return
            how["ContinuationToken"] = got["NextContinuationToken"]

    def _ask(self, what: str, where: str, call: Callable[[], _Given], again: int = 0) -> _Given:
        """`again`: how often to repeat it when the answer breaks off, which botocore does not."""
        errors = _library().exceptions
        while True:
            try:
                return call()
            except (errors.BotoCoreError, errors.ClientError) as error:
                broken = isinstance(error, errors.IncompleteReadError | errors.ResponseStreamingError)
                if broken and again > 0:
                    again -= 1
                    continue
                raise failed(error, what, where, self._endpoint) from None

    @property
    def _endpoint(self) -> str:
        given = self._access.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        return given or "AWS"

    @cached_property
    def _client(self) -> Any:
        """Raises where there are no credentials: without them, botocore would first ask for them at each request."""
        library, access = _library(), self._access
        session = library.session.get_session()
        if access.access_key:
            session.set_credentials(access.access_key, access.secret_key, access.session_token or None)
        credentials = session.get_credentials()
        if credentials is None:
            raise no_credentials(self.place)
        found = credentials.get_frozen_credentials()
        for value in (found.secret_key, found.token):
            self._secret(value or "")
        region = access.region or os.environ.get("AWS_REGION") or session.get_config_variable("region") or _REGION
        return session.create_client(
            "s3", region_name=region, endpoint_url=access.endpoint or None, config=library.config.Config(**self._how)
        )

    @property
    def _how(self) -> dict[str, Any]:
        """The checksums that are newer than SHA-256 in the signature are not known everywhere."""
        return {
            "connect_timeout": _CONNECT,
            "read_timeout": _READ,
            "retries": {"mode": "standard", "total_max_attempts": _ATTEMPTS},
            "tcp_keepalive": True,
            "user_agent_extra": USER_AGENT.replace(" ", "-"),
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "s3": {
                "payload_signing_enabled": True,
                "addressing_style": "path" if self._access.path_style else "auto",
            },
        }


def _library() -> Any:
    try:
        import botocore
        import botocore.config
        import botocore.exceptions
        import botocore.session
    except ImportError:
        raise MissingLibrary("botocore", "backups in S3-compatible storage") from None
    return botocore
