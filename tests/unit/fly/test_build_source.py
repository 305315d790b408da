"""What an image is built from: which files count, and what makes another digest."""

from __future__ import annotations

import base64
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.images.build import build_wanted
from ansible_collections.openclaw.fly.plugins.module_utils._fly.images.build_source import Folder, Git
from ansible_collections.openclaw.fly.plugins.module_utils._fly.images.dockerignore import Ignore, files
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.definition import FlyToml


@pytest.mark.parametrize(
    ("patterns", "ignored", "kept"),
    [
        ("", "", "a a/b .git/x"),
        ("# a\n\n  a  ", "a a/b", "b b/a"),
        ("/a", "a a/b", "b/a"),
        ("*.md", "a.md", "docs/a.md a.mdx"),
        ("**/*.md", "a.md docs/a.md docs/x/a.md", "a.txt"),
        ("*/temp*", "a/temp a/temporary a/temp/b", "temp a/b/temp"),
        ("temp?", "tempa tempb", "temp tempab"),
        ("*\n!keep", "a b/c", "keep keep/x"),
        ("docs\n!docs/a.md\n", "docs/b.md docs/x/a.md", "docs/a.md"),
        ("!a\na", "a", "b"),
        ("a/**", "a/b a/b/c", "a"),
        ("**/a", "a b/a b/c/a b/a/c", "ab"),
        ("[ab].txt", "a.txt b.txt", "c.txt"),
        (r"\*.md", "*.md", "a.md"),
        ("a.b", "a.b", "axb"),
        ("./a/../b/", "b b/c", "a"),
    ],
)
def test_dockerignore(patterns: str, ignored: str, kept: str) -> None:
    ignore = Ignore(patterns)
    assert [path for path in ignored.split() if not ignore(path)] == []
    assert [path for path in kept.split() if ignore(path)] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Dockerfile", "a", "docs/b.md", "docs/c.md", "node_modules/x/y", ".git/index"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / ".dockerignore").write_text("node_modules\ndocs/*\n!docs/b.md\n")
    (tmp_path / "link").symlink_to("docs")
    return tmp_path


def test_files(folder: Path) -> None:
    ignore = Ignore((folder / ".dockerignore").read_text() + ".git\n")
    assert list(files(folder, ignore)) == [".dockerignore", "Dockerfile", "a", "link", "docs/b.md"]


def test_the_digest_is_of_what_counts(folder: Path) -> None:
    before = Folder(folder).digest()
    for name in ("docs/c.md", "node_modules/x/y", ".git/index", ".git/HEAD"):
        (folder / name).write_text("other")
    (folder / "a").touch()
    (folder / "a").chmod(0o664)
    assert Folder(folder).digest() == before
    seen = {before}

    def another(what: str) -> None:
        digest = Folder(folder).digest()
        assert digest not in seen, what
        seen.add(digest)

    (folder / "a").write_text("other")
    another("a content")
    (folder / "a").chmod(0o755)
    another("may be executed")
    (folder / "a").rename(folder / "b")
    another("a name")
    (folder / "link").unlink()
    (folder / "link").symlink_to("b")
    another("where a link leads")
    (folder / "Dockerfile").write_text("other")
    another("the Dockerfile")
    (folder / ".dockerignore").write_text("node_modules\nDockerfile\n")
    another("what is left out")
    (folder / "Dockerfile").write_text("a third")
    another("a Dockerfile that is left out counts all the same")
    assert Folder(folder, text="FROM x").digest() not in seen


class GitServer(HTTPServer):
    """A git server that says whether it was asked with a login."""

    logins: list[str | None]


class _Asked(BaseHTTPRequestHandler):
    server: GitServer

    def do_GET(self) -> None:
        self.server.logins.append(self.headers.get("Authorization"))
        self.send_error(403)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def git_server() -> Iterator[GitServer]:
    server = GitServer(("127.0.0.1", 0), _Asked)
    server.logins = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_login_in_the_url_reaches_git_and_nothing_else(
    git_server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, words = shutil.which("git"), tmp_path / "words"
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {words}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    address = f"127.0.0.1:{git_server.server_port}/acme/app.git"
    source = Git(f"http://joe:to%2Fken-1@{address}", "main")
    with pytest.raises(CollectionError) as error:
        source.digest()
    assert git_server.logins[0] == "Basic " + base64.b64encode(b"joe:to/ken-1").decode()
    assert address in words.read_text() and "ken-1" not in words.read_text()
    assert address in str(error.value) and "ken-1" not in str(error.value)


@pytest.mark.parametrize(
    "address", ["ssh://git:hunter2@x.example/a.git", "https://x.example/a.git?private_token=hunter2"]
)
def test_a_secret_elsewhere_in_the_url_is_refused(address: str) -> None:
    with pytest.raises(CollectionError, match=r"build\.git.*looks like a secret") as error:
        Git(address, "main")
    assert "hunter2" not in str(error.value)


def test_a_dockerfile_that_sets_a_secret_is_refused() -> None:
    for line in ("ENV API_KEY=abc", "RUN curl -H 'Authorization: Bearer abc' https://x.example"):
        with pytest.raises(
            CollectionError, match=r"build\.content, line 2: a line of the Dockerfile looks like a secret"
        ):
            build_wanted(FlyToml({}), {"content": f"FROM x\n{line}\n"})
    fine = "FROM x\nARG TOKEN\nENV API_KEY=${TOKEN}\nRUN --mount=type=secret,id=token cat /run/secrets/token\n"
    assert build_wanted(FlyToml({}), {"content": fine})["content"] == fine
