"""What an archive has, read as a stream."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._archive.inside import Stream, inside
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError

MANIFEST = {"runtimeVersion": "2026.9.6", "paths": {"stateDir": "/data/state"}}


def archive(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as opened:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"root/{name}")
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def parts(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def whole(manifest: object = MANIFEST, **more: bytes) -> bytes:
    files = {"payload/posix/data/state/a/b": b"1" * 5000, "payload/posix/home/node/work/MEMORY.md": b"2", **more}
    return archive({**files, "manifest.json": json.dumps(manifest).encode()})


@pytest.mark.parametrize("size", [1, 7, 10240, 1 << 20])
def test_it_is_read_in_parts_of_any_size(size: int) -> None:
    found = inside(parts(whole(), size), "here")
    assert (found.prefix, found.state, found.release) == ("root/payload/posix", "/data/state", "2026.9.6")
    assert found.outside("/data") == ["/home/node/work"] and found.size_gb("/data") == 1


def test_a_volume_has_room_for_more_than_the_files() -> None:
    found = inside(parts(whole(), 100), "here")
    large = type(found)(found.prefix, found.state, found.release, {"/data/state": 1024**3, "/data2": 1024**4})
    assert large.size_gb("/data") == 2, "another folder's size is not counted"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        whole()[:-200],
        whole()[:60] + os.urandom(8) + whole()[68:],
        archive({"payload/posix/data/state/a": b"1"}),
        whole({"paths": {}}),
        whole({"runtimeVersion": "1", "paths": {"stateDir": "/elsewhere"}}),
        whole([]),
    ],
    ids=["empty", "text", "cut", "changed", "no manifest", "no path", "no state", "a list"],
)
def test_what_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(CollectionError, match="no archive of OpenClaw"):
        inside(parts(content, 50), "here")


def test_a_stream_gives_what_is_asked_for() -> None:
    content = os.urandom(1000)
    stream = Stream(parts(content, 300))
    assert [stream.read(10), stream.read(500), stream.read(0)] == [content[:10], content[10:510], b""]
    stream.drain()
    assert stream.read(1000) == content[510:600] and stream.read(1) == b""
