"""Answers that no API should give: each ends in one clear error, within bounded time and memory."""

from __future__ import annotations

import json
import re
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.hostile import Answer, plain, server, stream

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.api import MachinesApi, PlatformApi
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.graphql import GraphqlApi
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.transport import Transport

OK = "200 OK"
HEAD = "HTTP/1.1 200 OK\r\n"
DRIP = f"{HEAD}Content-Length: 9999\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.6\r\n"
STEERING = {"error": "\x1b]0;gotcha\x07\x1b[2J\x9b31m\r\nlie\u202eeil", "code": "\x1b[1m"}
VOLUME = {"id": "vol_1", "name": "data", "state": "created", "region": "iad", "size_gb": 1}
TIMEOUT = 0.6
LONGEST = 10.0
"""Seconds on a busy machine; the client's own limits are below 2 s here."""
MEMORY_MB = 300


def as_json(value: Any, status: str = OK, *headers: str) -> Answer:
    return plain(status, json.dumps(value).encode(), *headers)


def cursors(endless: bool) -> Answer:
    """Pages of certificates whose cursor never ends, or is the same for ever."""
    pages = iter(range(10**9))

    def send(peer: socket.socket, head: bytes) -> None:
        number = next(pages) if endless else 1
        as_json({"certificates": [{"hostname": "a.example.com"}], "next_cursor": f"c{number}"})(peer, head)

    return send


STOP = threading.Event()
APP = {"id": "1", "name": "a"}
DEEP = b'{"name": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"

# name: the answer, what asks for it, words that the error has
HOSTILE: dict[str, tuple[Answer, str, list[str]]] = {
    "a page of HTML with 200": (
        plain(OK, b"<!DOCTYPE html><title>Log in to the hotel</title>", "Content-Type: text/html"),
        "app",
        ["did not answer as Fly.io's API does", "a page of HTML", "machines_url"],
    ),
    "text with 200": (plain(OK, b"all right"), "app", ["not JSON", "machines_url"]),
    "a JSON text": (as_json("app"), "app", ["not JSON", "machines_url"]),
    "NaN": (plain(OK, b'{"name": NaN}'), "app", ["not JSON"]),
    "a number of 5000 digits": (plain(OK, b'{"name": ' + b"9" * 5000 + b"}"), "app", ["not JSON"]),
    "nothing": (plain(OK, b""), "app", ["the answer is nothing instead of an object"]),
    "null": (plain(OK, b"null"), "app", ["the answer is nothing instead of an object"]),
    "a list instead of an object": (as_json([APP]), "app", ["the answer is a list instead of an object", "app a"]),
    "an object instead of a list": (as_json(VOLUME), "volumes", ["the answer is an object instead of a list"]),
    "a list of texts": (as_json(["vol_1"]), "volumes", ["[0] is a text instead of an object", "volumes of a"]),
    "a missing field": (as_json([{**VOLUME, "id": None}]), "volumes", ["[0].id is missing"]),
    "a field of another type": (as_json([{**VOLUME, "size_gb": "1"}]), "volumes", ["[0].size_gb is a text"]),
    "a time that is none": (as_json([{**VOLUME, "created_at": "now"}]), "volumes", ["created_at is no time"]),
    "a nested field of another type": (
        as_json({"id": "m", "state": "started", "config": {"services": [{"ports": "443"}]}}),
        "machine",
        ["config.services[0].ports is a text instead of a list", "machine m of a"],
    ),
    "a machine without a state": (as_json({"id": "m"}), "machine", ["state is missing"]),
    "deep JSON": (plain(OK, DEEP), "app", ["not JSON"]),
    "301": (
        plain("301 Moved Permanently", b"", "Location: https://elsewhere.example/v1/apps/a"),
        "app",
        ["redirects", "https://elsewhere.example/v1/apps/a", "without a redirection"],
    ),
    "302 without a location": (plain("302 Found", b""), "app", ["redirects", "status 302"]),
    "304": (plain("304 Not Modified", b""), "app", ["redirects", "status 304"]),
    "an unknown status": (plain("799 Odd", b"<html>odd</html>"), "app", ["(799)", "status.flyio.net"]),
    "a status that is none": (plain("1000 Odd", b""), "app", ["cannot be reached"]),
    "another protocol": (lambda peer, _head: peer.sendall(SSH * 3), "app", ["cannot be reached"]),
    "a server that hangs up": (lambda peer, _head: peer.shutdown(socket.SHUT_RDWR), "app", ["cannot be reached"]),
    "a server that says nothing": (lambda _peer, _head: _wait(), "app", ["timed out"]),
    "a body that is cut off": (
        lambda peer, _head: (peer.sendall(f"{HEAD}Content-Length: 500\r\n\r\n{{".encode()), peer.close()),
        "app",
        ["cannot be reached", "IncompleteRead"],
    ),
    "a body of 300 MB": (
        stream(f"{HEAD}Content-Length: {300 * 1024**2}\r\n\r\n", b"[" * 65536, STOP), "app", ["larger than 16 MiB"],
    ),
    "a body that never ends": (stream(f"{HEAD}\r\n", b" " * 65536, STOP), "app", ["larger than 16 MiB"]),
    "chunks that never end": (
        stream(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n", STOP),
        "app",
        ["larger than 16 MiB"],
    ),
    "a body that drips": (stream(DRIP, b" ", STOP, 0.05), "app", ["did not end in time"]),
    "headers that drip": (stream(f"{HEAD}X-", b"x", STOP, 0.05), "app", ["did not end in time"]),
    "headers that never end": (stream(HEAD, b"X-A: b\r\n", STOP), "app", ["cannot be reached", "headers"]),
    "100 for ever": (stream("", b"HTTP/1.1 100 Continue\r\n\r\n", STOP), "app", ["did not end in time"]),
    "a page of HTML with 502": (
        plain("502 Bad Gateway", b"<html>" + b"no upstream " * 10_000), "app", ["(502)", "status.flyio.net"],
    ),
    "an error that is a list": (as_json([1, 2], "422 Unprocessable"), "app", ["(422)", "Correct the value"]),
    "an error that holds no text": (as_json({"error": {"a": [1]}}, "400 Bad"), "app", ["(400)", "Correct the value"]),
    "an error of 100 KB": (as_json({"error": "x" * 100_000}, "400 Bad"), "app", ["(400)", "x ..."]),
    "escapes in an error": (
        as_json(STEERING, "422 Bad", "fly-request-id: \x1b[7m1"),
        "app",
        ["(422)", r"\x1b]0;gotcha\x07\x1b[2J\x9b31m", r"\u202e"],
    ),
    "escapes in a page": (plain(OK, b"<html>\x1b[2J</html>"), "app", [r"\x1b[2J"]),
    "half a character in an error": (plain("422 Bad", b'{"error": "\\ud800"}'), "app", [r"\ud800"]),
    "Retry-After of a year": (plain("429 Slow", b"", "Retry-After: 31536000"), "app", ["too many requests", "forks"]),
    "Retry-After in the year 9999": (
        plain("429 Slow", b"", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"), "app", ["too many requests"],
    ),
    "the same cursor again": (cursors(endless=False), "certificates", ["its list does not end", "certificates of a"]),
    "cursors without an end": (cursors(endless=True), "certificates", ["its list does not end"]),
    "GraphQL: a list": (as_json([]), "peers", ["the answer is a list instead of an object", "organization o"]),
    "GraphQL: data that is none": (as_json({"data": [1]}), "peers", ["data is a list instead of an object"]),
    "GraphQL: errors that are texts": (as_json({"errors": ["no"]}), "peers", ["errors[0] is a text"]),
    "GraphQL: no pages": (
        as_json({"data": {"organization": {"id": "1", "wireGuardPeers": {"nodes": [7]}}}}),
        "peers",
        ["wireGuardPeers.nodes[0] is a number"],
    ),
    "GraphQL: pages for ever": (
        as_json({"data": {"organization": {"id": "1", "wireGuardPeers": {
            "nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "c"}}}}}),
        "peers",
        ["its list does not end"],
    ),
    "GraphQL: a page without a cursor": (
        as_json({"data": {"organization": {"id": "1", "wireGuardPeers": {"pageInfo": {"hasNextPage": True}}}}}),
        "peers",
        ["endCursor is missing"],
    ),
    "log lines that are texts": (as_json({"data": ["line"]}), "logs", ["data[0] is a text", "logs of a"]),
}  # fmt: skip


def _wait() -> None:
    STOP.wait(5)


@pytest.fixture(autouse=True)
def _ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Answers end with the test; the client's own pauses take no time."""
    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)
    STOP.clear()
    yield
    STOP.set()


def ask(url: str, what: str, retries: int = 0) -> Any:
    transport = Transport(url, "Bearer t0ken-that-no-error-may-show", timeout=TIMEOUT, retries=retries)
    machines = MachinesApi(transport)
    calls: dict[str, Callable[[], Any]] = {
        "app": lambda: machines.app("a"),
        "volumes": lambda: machines.volumes("a"),
        "machine": lambda: machines.machine("a", "m"),
        "certificates": lambda: machines.certificates("a"),
        "peers": lambda: GraphqlApi(transport).peers("o"),
        "logs": lambda: PlatformApi(transport).logs("a"),
    }
    return calls[what]()


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_that_no_api_should_give(name: str) -> None:
    answer, what, said = HOSTILE[name]
    memory, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with server(answer) as url, pytest.raises(CollectionError) as raised:
        ask(url, what)
    assert time.monotonic() - began < LONGEST
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < MEMORY_MB * 1024
    error = raised.value
    text = str(error) + json.dumps(error.as_dict(), default=str)
    assert [words for words in said if words not in str(error)] == []
    assert error.what and error.where and error.todo
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800]", str(error)), "nothing raw"
    assert "\n" not in str(error) and len(text) < 4000 and "t0ken" not in text
    assert error.where.startswith(("app a", "machine m", "volumes of", "certificates of", "organization o", "logs of"))


def test_a_drip_is_bounded_though_it_is_asked_again() -> None:
    began = time.monotonic()
    drip = stream(DRIP, b" ", STOP, 0.05)
    with server(drip) as url, pytest.raises(CollectionError, match="did not end in time"):
        ask(url, "app", retries=2)
    assert 3 * TIMEOUT <= time.monotonic() - began < LONGEST


def test_answers_in_time_are_whole() -> None:
    """Slow and large, and right all the same."""
    body = json.dumps({**APP, "filling": "x" * 3_000_000}).encode()

    def slowly(peer: socket.socket, _head: bytes) -> None:
        peer.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), 500_000):
            peer.sendall(body[start : start + 500_000])
            time.sleep(0.01)

    with server(slowly) as url:
        assert ask(url, "app")["name"] == "a"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://no-such-host.invalid", "the resolver has no such name"),
        ("http://127.0.0.1:99999", "is not a URL of an API"),
        ("ftp://127.0.0.1", "is not a URL of an API"),
        ("http://" + "a" * 70 + ".example", "Check the URL"),
        ("", "is not a URL of an API"),
    ],
)
def test_a_url_that_leads_nowhere(url: str, said: str) -> None:
    began = time.monotonic()
    with pytest.raises(CollectionError) as raised:
        ask(url, "app", retries=5)
    assert time.monotonic() - began < LONGEST
    assert said in str(raised.value)


def test_a_port_that_does_not_speak_tls() -> None:
    with server(plain(OK, b"{}")) as url, pytest.raises(CollectionError) as raised:
        ask(url.replace("http://", "https://"), "app", retries=5)
    assert "the server does not speak TLS there" in str(raised.value) or "cannot be reached" in str(raised.value)


def test_a_name_with_odd_characters_is_quoted() -> None:
    heads: list[bytes] = []

    def note(peer: socket.socket, head: bytes) -> None:
        heads.append(head)
        as_json([])(peer, head)

    with server(note) as url:
        transport = Transport(url, "Bearer x", timeout=TIMEOUT, retries=0)
        MachinesApi(transport).volume_snapshots("a b", "../x\r\ny")
    assert heads[0].startswith(b"GET /v1/apps/a%20b/volumes/..%2Fx%0D%0Ay/snapshots HTTP/1.1")
