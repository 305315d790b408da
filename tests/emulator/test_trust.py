"""Whom the emulator trusts: its owner's programs, by the token of its state directory, and no web page."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from emulator.client import TOKEN, Client
from emulator.test_emulator import cli
from support.browser import Browser, program
from support.emulator import Emulator
from support.needs import CHROMIUM

from fly_emulator.state import directory
from fly_emulator.state.directory import StateUnsafe

PORTS = ("--api-port", "0", "--edge-http-port", "0", "--edge-https-port", "0", "--runtime", "process")
ASKED = [
    ("GET", "/v1/apps?org_slug=personal", None),
    ("POST", "/graphql", {"query": "query { viewer { email } }"}),
    ("GET", "/api/v1/organizations/personal", None),
    ("GET", "/emulator/v1/info", None),
    ("POST", "/emulator/v1/clock", {"advance": 0}),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED, ids=[path for _, path, _ in ASKED])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.test"},
        {"Host": "evil.test:4280", "Origin": "http://evil.test:4280"},
        {"Host": "localhost.evil.test"},
        {"Host": ""},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_foreign_host_or_origin_is_refused(
    fly: Client, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    assert fly.request(method, path, body).status == 200
    before = len(fly.emulator.context.journal.select())
    answer = fly.request(method, path, body, **headers)
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert len(fly.emulator.context.journal.select()) == before, "a page's requests count for nothing"


@pytest.mark.parametrize("host", ["localhost:1", "LOCALHOST", "api.localhost", "127.0.0.1", "[::1]:4280", "10.0.0.7"])
def test_names_of_this_machine_are_accepted(fly: Client, host: str) -> None:
    assert fly.get("/v1/apps?org_slug=personal", Host=host).status == 200
    assert fly.get("/v1/apps?org_slug=personal", Host=host, Origin=f"http://{host}").status == 200


def test_a_further_name_is_accepted_where_it_was_asked_for(run) -> None:
    with run(allowed_hosts=("host.docker.internal",)) as fly:
        assert fly.get("/v1/apps?org_slug=personal", Host="host.docker.internal:4280").status == 200
        assert fly.get("/v1/apps?org_slug=personal", Host="docker.internal").status == 403


def test_only_the_owners_token_steers_the_emulator(fly: Client) -> None:
    statuses = [fly.request("GET", "/emulator/v1/info", token=f"Bearer {it}").status for it in ("other-org", "fm2_one")]
    assert statuses == [403, 403]
    assert fly.request("POST", "/emulator/v1/reset", token=None).status == 401


def _status(emulator: Emulator, token: str) -> int:
    connection = http.client.HTTPConnection(emulator.api_url.removeprefix("http://"), timeout=30)
    connection.request("GET", "/v1/apps?org_slug=personal", headers={"Authorization": f"Bearer {token}"})
    return connection.getresponse().status


def test_a_state_directory_has_a_token_of_its_own(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path / "one", "--runtime", "process")
    emulator.start()
    first = emulator.token
    assert stat.S_IMODE((tmp_path / "one" / "token").stat().st_mode) == 0o600
    assert re.fullmatch(r"fo1_[\w-]{43}", first)
    assert first != directory.own_token(tmp_path)
    assert [_status(emulator, token) for token in (first, TOKEN, "")] == [200, 401, 401]
    assert first not in emulator.command("status").stdout
    assert emulator.command("token").stdout == f"{first}\n"
    emulator.stop()
    emulator.start()
    assert emulator.token == first
    emulator.stop()


def test_a_token_file_replaces_the_own_token(tmp_path: Path) -> None:
    file = tmp_path / "given"
    file.write_text("FlyV1 fm2_given\n")
    file.chmod(0o644)
    emulator = Emulator(tmp_path / "state", "--runtime", "process", "--token", str(file))
    refused = emulator.command("start", *PORTS, "--token", str(file))
    assert (refused.returncode, f"chmod 600 {file}" in refused.stderr) == (1, True)
    file.chmod(0o600)
    emulator.start()
    assert emulator.info["token_file"] == str(file)
    assert [_status(emulator, token) for token in ("fm2_given", TOKEN)] == [200, 401]
    assert not (tmp_path / "state" / "token").exists()
    emulator.stop()


def _refusal(state: Path) -> str:
    answer = cli(state, "start", *PORTS)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert len(answer.stderr.strip().splitlines()) == 1
    assert str(state) in answer.stderr
    assert cli(state, "stop").returncode == 1, "no command believes what is in it"
    return answer.stderr


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o720])
def test_a_state_directory_that_others_can_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(mode)
    assert "chmod go-w" in _refusal(state)


@pytest.mark.parametrize(
    "name",
    ["journal.jsonl", "emulator.lock", "emulator.log", "token", "apps", "apps/a.json", "tls/ca.pem", "volumes/v"],
)
def test_links_in_a_state_directory_are_refused(tmp_path: Path, name: str) -> None:
    target, state = tmp_path / "target", tmp_path / "state"
    target.write_text("precious")
    link = state / name
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    assert str(link) in _refusal(state)
    assert target.read_text() == "precious"


def test_a_state_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "real")
    assert "symbolic link" in _refusal(tmp_path / "state")
    assert list((tmp_path / "real").iterdir()) == []


def test_a_link_that_comes_later_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "file").symlink_to(target)
    (tmp_path / "file.new").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        directory.append_to(tmp_path / "file")
    directory.write_atomic(tmp_path / "file", "new")
    assert (target.read_text(), (tmp_path / "file").read_text()) == ("precious", "new")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else: run as root")
def test_a_state_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "options.json").write_text("{}")
    os.chown(state / "options.json", 1000, 1000)
    with pytest.raises(StateUnsafe, match=r"options\.json .*another user"):
        directory.check(state)
    os.chown(state, 1000, 1000)
    assert "another user (uid 1000" in _refusal(state)


@contextmanager
def _page(text: str) -> Iterator[int]:
    """A web server of somebody else's; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


@pytest.mark.browser
@pytest.mark.skipif(program() is None, reason=CHROMIUM.missing)
def test_a_page_whose_name_leads_here_reaches_no_api(fly: Client, tmp_path: Path) -> None:
    """DNS rebinding: the page comes from evil.test, whose name then leads to the emulator."""
    port = int(fly.thread.api_url.rpartition(":")[2])
    headers = json.dumps({"Authorization": f"Bearer {TOKEN}"})  # even one that knows the token
    calls = json.dumps([[method, path, body and json.dumps(body)] for method, path, body in ASKED])
    script = f"""(async () => {{
      const answers = [];
      for (const [method, path, body] of {calls})
        for (const origin of ["", "http://127.0.0.1:{port}", "http://evil.test:{port}"])
          for (const mode of ["cors", "no-cors"]) {{
            try {{
              const headers = mode == "cors" ? {headers} : {{}};
              const answer = await fetch(origin + path, {{method, body, mode, headers}});
              answers.push(answer.status + " " + await answer.text());
            }} catch (error) {{ answers.push("0 " + error); }}
          }}
      return answers;
    }})()"""
    before = len(fly.emulator.context.journal.select())
    with (
        _page("<title>evil</title>") as elsewhere,
        Browser(program() or "", tmp_path, options=("--host-resolver-rules=MAP evil.test 127.0.0.1",)) as browser,
    ):
        for url in (f"http://evil.test:{elsewhere}/", f"http://evil.test:{port}/"):
            page = browser.page(url)
            page.wait("the page", lambda page=page: page.evaluate("document.readyState") == "complete")
            assert page.evaluate("location.host") in (f"evil.test:{elsewhere}", f"evil.test:{port}")
            answers = page.evaluate(script)
            assert len(answers) == 6 * len(ASKED)
            # 0 is the browser that shows nothing of a foreign answer; <title>evil is the page's own server.
            got = {answer.partition(" ")[0] for answer in answers if "<title>evil" not in answer}
            assert got <= {"0", "403"}, answers
            assert any(answer.startswith("403") for answer in answers) == url.endswith(f"{port}/"), answers
    assert len(fly.emulator.context.journal.select()) == before, "none took effect"
