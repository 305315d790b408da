"""What an image is built from: which files count, and what makes another digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._fly.images.build_source import Folder
from ansible_collections.openclaw.fly.plugins.module_utils._fly.images.dockerignore import Ignore, files


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
