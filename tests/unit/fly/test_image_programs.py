"""Programs of a derived image: each pinned, and how it comes in."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.images.image_programs import programs

PIN = {"sha256": "a" * 64}
IMAGE = f"cloudflare/cloudflared:2026.8.0@sha256:{'b' * 64}"


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ({"name": "x", "url": "https://a/x", **PIN}, {"kind": "file"}),
        ({"name": "x", "url": "https://a/x.tgz", **PIN}, {"kind": "tar", "member": "x"}),
        ({"name": "x", "url": "https://a/x.zip?y=1", "member": "d/x", **PIN}, {"kind": "zip", "member": "d/x"}),
        ({"name": "x", "url": "https://a/x.tar.xz", "folder": True, **PIN}, {"kind": "folder", "links": ["bin/x"]}),
        ({"name": "x", "image": IMAGE, "member": "/bin/x"}, {"kind": "image", "image": IMAGE, "member": "/bin/x"}),
    ],
)
def test_how_it_comes_in(program: dict[str, Any], found: dict[str, Any]) -> None:
    (completed,) = programs([program])
    assert completed.items() >= found.items()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ({"url": "https://a/x", **PIN}, "no name"),
        ({"name": "../x", "url": "https://a/x", **PIN}, "no name"),
        ({"name": "x", "url": "https://a/x"}, "not pinned"),
        ({"name": "x", "url": "https://a/x", "sha256": "abc"}, "not pinned"),
        ({"name": "x", "url": "http://a/x", **PIN}, "no address"),
        ({"name": "x", "url": "https://u:p@a/x", **PIN}, "no address"),
        ({"name": "x", "url": "https://a/x.zip", "folder": True, **PIN}, "no folder in a tar"),
        ({"name": "x", "url": "https://a/x.tgz", "member": "../../etc/x", **PIN}, "no path in an archive"),
        ({"name": "x", "url": "https://a/x.tgz", "member": "a; rm -rf /", **PIN}, "no path in an archive"),
        ({"name": "x", "image": "cloudflare/cloudflared:latest", "member": "/bin/x"}, "not pinned"),
        ({"name": "x", "url": "https://a/x", "sha265": "a" * 64}, "Did you mean sha256"),
    ],
)
def test_what_is_refused(program: dict[str, Any], words: str) -> None:
    with pytest.raises(CollectionError, match=words):
        programs([program])


def test_signal() -> None:
    (native,) = programs([], {"version": "0.14.5", **PIN})
    assert native["url"].endswith("/v0.14.5/signal-cli-0.14.5-Linux-native.tar.gz")
    assert (native["kind"], native["member"]) == ("tar", "signal-cli")
    java = {"url": "https://a/jre.tar.gz", "sha256": "c" * 64}
    signal, runtime = programs([], {"version": "0.14.5", **PIN, "java": java})
    assert signal["url"].endswith("/signal-cli-0.14.5.tar.gz") and signal["links"] == ["bin/signal-cli"]
    assert (runtime["name"], runtime["kind"], runtime["links"]) == ("java", "folder", ["bin/java"])
    with pytest.raises(CollectionError, match="no version"):
        programs([], {"version": "latest", **PIN})


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        ({"version": "0.14.5", "sha265": "x"}, "unknown key sha265"),
        ({"version": "0.14.5", "java": "21"}, "its java is no dictionary"),
    ],
)
def test_a_signal_that_cannot_be_is_refused(signal: dict[str, object], told: str) -> None:
    with pytest.raises(CollectionError, match=told):
        programs([], signal)
