# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of encrypted backups."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._preflight.kinds import wrong

PUBLIC = "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"
PRIVATE = "AGE-SECRET-KEY-1QQQQ"


def told(name: str, value: Any, kind: str = "") -> str:
    problems = wrong({name: value}, lambda value: value, {name: kind} if kind else {})
    return "\n".join(map(str, problems))


@pytest.mark.parametrize(
    "keep", [{}, {"last": 1}, {"daily": "7", "monthly": 0}, {"last": 1, "daily": 2, "weekly": 3, "monthly": 4}]
)
def test_numbers_that_keep_some(keep: dict[str, Any]) -> None:
    assert told("fly_app_backup_keep", keep) == ""


@pytest.mark.parametrize(
    ("keep", "text"),
    [
        ({"dayly": 7}, "fly_app_backup_keep.dayly: is no rule by which backups are kept. Did you mean daily?"),
        ({"hours": 7, "last": 0}, "Choose of last, daily, weekly, monthly"),
        *(({"last": each}, "fly_app_backup_keep.last: must be a whole") for each in (-1, 1.5, True, None, "x", "²")),
        ({"last": 0, "daily": "0"}, "fly_app_backup_keep: these numbers of backups keep none"),
    ],
)
def test_numbers_that_do_not(keep: dict[str, Any], text: str) -> None:
    assert text in told("fly_app_backup_keep", keep)
    assert len(told("fly_app_backup_keep", keep).splitlines()) == 1


@pytest.mark.parametrize("library", [True, False])
def test_recipients_are_public_keys(monkeypatch: pytest.MonkeyPatch, library: bool) -> None:
    if not library:
        monkeypatch.setitem(sys.modules, "pyrage", None)
    name = "fly_app_backup_recipients"
    assert told(name, [PUBLIC]) == ""
    assert f"{name}[1]: a recipient is no public key of age" in told(name, [PUBLIC, "somebody"])
    assert bool(told(name, ["age1nobody"])) == library
    refused = told(name, [PRIVATE.lower(), PRIVATE])
    assert refused.count("this is a private key. Give its public one") == 2
    assert PRIVATE not in refused.upper()


def test_a_folder_is_looked_at_where_a_playbook_writes_there(tmp_path: Path) -> None:
    name = "fly_app_backup_folder"
    assert told(name, "/dev/null/backups") == ""
    assert told(name, str(tmp_path / "new/backups"), "folder") == ""
    assert told(name, "/dev/null/backups", "folder").startswith(f"{name}: no backup can be stored: /dev/null is no")


@pytest.mark.parametrize("place", ["s3://my-bucket/openclaw", "~/backups", "{{ nothing }}"])
def test_a_place_with_its_form(place: str) -> None:
    assert told("fly_app_backup_folder", place) == ""
    assert "s3://" not in place or told("fly_app_backup_folder", place, "folder") == "", "a task asks the bucket"


@pytest.mark.parametrize("place", ["s3:/my-bucket", "S3://my-bucket", "s3://My_Bucket", "https://s3.example/b"])
def test_an_address_that_is_no_bucket(place: str) -> None:
    for kind in ("", "folder"):
        text = told("fly_app_backup_folder", place, kind)
        assert text.startswith("fly_app_backup_folder: this is no place for backups"), text
        assert "Write s3://BUCKET/PREFIX" in text and len(text.splitlines()) == 1


def test_how_to_reach_a_bucket() -> None:
    name = "fly_app_backup_s3"
    good = {"endpoint": "https://fly.storage.tigris.dev", "region": "auto", "path_style": False}
    assert told(name, good) == told(name, {**good, "access_key": "a", "secret_key": "b"}) == ""


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"end_point": "x"}, "fly_app_backup_s3.end_point: is not known of a bucket. Did you mean endpoint?"),
        ({"bucket": "x"}, "Choose of endpoint, region, access_key"),
        ({"endpoint": "fly.storage.tigris.dev"}, "fly_app_backup_s3: the endpoint is no URL of a storage"),
        ({"secret_key": "hidden"}, "fly_app_backup_s3: half of the keys for the bucket is missing. Give access_key"),
        ({"path_style": "hidden"}, "fly_app_backup_s3.path_style: must be true or false"),
        ({"secret_key": ["hidden"]}, "fly_app_backup_s3.secret_key: must be text"),
    ],
)
def test_how_not_to(given: dict[str, Any], text: str) -> None:
    found = told("fly_app_backup_s3", given)
    assert text in found and "hidden" not in found
