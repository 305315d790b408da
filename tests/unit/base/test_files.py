"""Files that are written whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._base.files import read_file, remove_file, write_file


def test_a_file_is_written_with_its_mode_and_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a/b/token"
    write_file(path, "sëcret", 0o600)
    assert read_file(path) == ("sëcret", 0o600)
    write_file(path, b"more", 0o644)
    assert read_file(path) == ("more", 0o644)
    assert os.listdir(path.parent) == ["token"]
    remove_file(path)
    remove_file(path)
    assert read_file(path) is None


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "token"
    write_file(path, "old", 0o600)
    with pytest.raises(UnicodeEncodeError):
        write_file(path, "\ud800", 0o600)
    assert os.listdir(tmp_path) == ["token"]
    assert read_file(path) == ("old", 0o600)


def test_errors_name_the_file_and_the_reason(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(CollectionError, match=r"folder: the file cannot be written: Is a directory\.$"):
        write_file(tmp_path / "folder", "x", 0o600)
    with pytest.raises(CollectionError, match=r"folder: the file cannot be read: Is a directory\.$"):
        read_file(tmp_path / "folder")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(CollectionError, match=r"bytes: the file cannot be read: it is not UTF-8 text\.$"):
        read_file(tmp_path / "bytes")
