# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bucket that cannot be used: what is reported, and that nothing secret is in it."""

from __future__ import annotations

import http.server
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.s3 import S3Server

from ansible_collections.openclaw.fly.plugins.module_utils._archive import s3_store
from ansible_collections.openclaw.fly.plugins.module_utils._archive.place import access_of, bucket_of, store_of
from ansible_collections.openclaw.fly.plugins.module_utils._archive.store import Store, StoreFailed
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError

_numbers = itertools.count(1)
NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL_S3")


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of the person who runs the tests."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.bucket(f"refusals-{next(_numbers)}").name


def calls(store: Store) -> Iterator[Callable[[], object]]:
    """Everything that a store can be asked."""
    yield store.check
    yield store.require
    yield store.folders
    yield lambda: store.sizes("app/")
    yield lambda: store.read("app/x")
    yield lambda: store.write("app/x", b"x")
    yield lambda: store.remove("app/x")


def refused(store: Store, why: str, todo: str) -> None:
    for call in calls(store):
        with pytest.raises(StoreFailed) as error:
            call()
        text = str(error.value)
        assert store.place in text and why in text and todo in text, text
        assert "s3-secret" not in text and "another-secret" not in text and "secret-of-guest" not in text


@pytest.mark.s3
def test_a_bucket_that_is_not_there(s3_server: S3Server) -> None:
    refused(s3_server.store("s3://no-such-bucket/x"), "the bucket does not exist (NoSuchBucket)", "Create the bucket")


@pytest.mark.s3
def test_wrong_keys(s3_server: S3Server, bucket: str) -> None:
    unknown = s3_server.store(f"s3://{bucket}", access_key="AKIDNOBODY")
    refused(unknown, "does not know the access key (InvalidAccessKeyId)", "AWS_ACCESS_KEY_ID")
    wrong = s3_server.store(f"s3://{bucket}", secret_key="another-secret")
    refused(wrong, "the secret key is not the one of the access key (SignatureDoesNotMatch)", "AWS_SECRET_ACCESS_KEY")


@pytest.mark.s3
def test_keys_that_are_allowed_nothing(s3_server: S3Server, bucket: str) -> None:
    s3_server.add_user("AKIDGUEST", "secret-of-guest")
    guest = s3_server.store(f"s3://{bucket}", access_key="AKIDGUEST", secret_key="secret-of-guest")
    refused(guest, "not allowed to do that (AccessDenied)", "read, write and delete its objects")


@pytest.mark.s3
def test_a_region_that_the_storage_corrects(s3_server: S3Server, bucket: str) -> None:
    store = s3_server.store(f"s3://{bucket}", region="eu-west-9")
    store.write("app/x", b"x")
    assert store.read("app/x") == b"x"


@pytest.mark.s3
def test_a_clock_that_is_wrong(s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    late = datetime.now(UTC) - timedelta(hours=2)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *args, **kwargs: late.replace(tzinfo=None))
    store = s3_server.store(f"s3://{bucket}")
    refused(store, "the clock of this machine is wrong: it differs by ", "timedatectl set-ntp true")


@pytest.mark.s3
def test_credentials_are_found_as_awss_own_tools_find_them(
    s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(store_of(f"s3://{bucket}"), "there are no credentials for the bucket", "Set AWS_ACCESS_KEY_ID")
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    masked: list[str] = []
    store = store_of(f"s3://{bucket}", {}, masked.append)
    store.write("app/x", b"x")
    assert store.read("app/x") == b"x"
    assert s3_server.secret_key in masked


@pytest.mark.s3
def test_more_objects_than_one_answer_lists(s3_server: S3Server, bucket: str) -> None:
    folder = s3_server.root / "buckets" / bucket / "p"
    for app in ("one", "two", "one-more"):
        (folder / app).mkdir(parents=True)
        for number in range(700):
            (folder / app / f"{number:04}").write_bytes(b"12")
    store = s3_server.store(f"s3://{bucket}/p")
    assert store.folders() == ["one", "one-more", "two"]
    assert store.sizes("one/") == {f"one/{number:04}": 2 for number in range(700)}
    assert len(store.sizes("")) == 2100


@pytest.mark.s3
def test_an_object_that_is_no_part(s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read into memory."""
    monkeypatch.setattr(s3_store, "_LARGEST", 10)
    store = s3_server.store(f"s3://{bucket}")
    store.write("app/x", b"x" * 11)
    with pytest.raises(CollectionError, match="no part of a backup"):
        store.read("app/x")
    with pytest.raises(CollectionError, match="it does not exist") as error:
        store.read("app/y")
    assert not isinstance(error.value, StoreFailed)


@contextmanager
def answering(status: int, code: str) -> Iterator[str]:
    """A server with one answer for everything: for what the real one cannot be brought to say."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if code else b""
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = answer

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "code", "why", "todo"),
    [
        (507, "InsufficientStorage", "the storage is full", "fly_app_backup_keep"),
        (507, "", "the storage is full", "Raise its quota"),
        (400, "EntityTooLarge", "the storage is full", "Raise its quota"),
        (403, "QuotaExceeded", "the storage is full", "Raise its quota"),
        (400, "ExpiredToken", "the session token is not valid any more", "AWS_SESSION_TOKEN"),
        (400, "AuthorizationHeaderMalformed", "the bucket is in another region", "Set region and endpoint"),
        (409, "SomethingNew", "SomethingNew: no", "documentation of the storage"),
    ],
)
def test_what_other_storages_refuse(status: int, code: str, why: str, todo: str) -> None:
    with answering(status, code) as endpoint:
        store = store_of("s3://bucket/p", {"endpoint": endpoint, "access_key": "a", "secret_key": "b"})
        with pytest.raises(StoreFailed) as error:
            store.write("app/x", b"x")
    assert "s3://bucket/p/app/x: the backup cannot be stored" in str(error.value)
    assert why in str(error.value) and todo in str(error.value)


def test_an_endpoint_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_store, "_ATTEMPTS", 1)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        store = store_of("s3://bucket", {"endpoint": endpoint, "access_key": "a", "secret_key": "b"})
        with pytest.raises(StoreFailed) as error:
            store.require()
    assert f"{endpoint} cannot be reached" in str(error.value) and "Check the network" in str(error.value)


@pytest.mark.parametrize(
    ("place", "shown", "key"),
    [
        ("s3://my-bucket", "s3://my-bucket", "app/x"),
        ("s3://my.bucket/", "s3://my.bucket", "app/x"),
        ("s3://my-bucket/a//b/", "s3://my-bucket/a/b", "a/b/app/x"),
    ],
)
def test_places(place: str, shown: str, key: str) -> None:
    bucket = bucket_of(place)
    assert (bucket.place, bucket.key("app/x"), bucket.name_of(key)) == (shown, key, "app/x")


@pytest.mark.parametrize(
    "place",
    ["s3:my-bucket", "S3://my-bucket", "s3://", "s3://B", "s3://My-Bucket/x", "s3://my-bucket/../x", "gs://b/x"],
)
def test_what_is_no_place(place: str) -> None:
    with pytest.raises(CollectionError, match="no place for backups") as error:
        store_of(place)
    assert "Write s3://BUCKET/PREFIX" in str(error.value)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"endpoint": "fly.storage.tigris.dev"}, "no URL of a storage"),
        ({"endpoint": "https://a.example/bucket"}, "without the bucket"),
        ({"endpoint": "https://user:secret@a.example"}, "^endpoint: the endpoint is no URL"),
        ({"access_key": "a"}, "secret_key: half of the keys"),
        ({"secret_key": "a"}, "access_key: half of the keys"),
    ],
)
def test_what_is_no_access(given: dict[str, str], why: str) -> None:
    with pytest.raises(CollectionError, match=why):
        access_of(given)


def test_secrets_are_not_in_what_is_printed_of_it() -> None:
    shown = repr(access_of({"access_key": "a", "secret_key": "hidden", "session_token": "hidden"}))
    assert "hidden" not in shown
