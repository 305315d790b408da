"""An archive in encrypted parts: whole when it is read back, and refused when it is not."""

from __future__ import annotations

import hashlib
import itertools
import os
import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyrage import x25519
from support.s3 import S3Server

from ansible_collections.openclaw.fly.plugins.module_utils._archive.age import Identities, Recipients
from ansible_collections.openclaw.fly.plugins.module_utils._archive.folder_store import FolderStore
from ansible_collections.openclaw.fly.plugins.module_utils._archive.listing import listed, without_backups
from ansible_collections.openclaw.fly.plugins.module_utils._archive.manifest import Manifest, Part, backups
from ansible_collections.openclaw.fly.plugins.module_utils._archive.parts import read_parts, store_parts
from ansible_collections.openclaw.fly.plugins.module_utils._archive.place import store_of
from ansible_collections.openclaw.fly.plugins.module_utils._archive.retention import Retention
from ansible_collections.openclaw.fly.plugins.module_utils._archive.store import Store
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError

KEY = x25519.Identity.generate()
DATA = os.urandom(25_000)  # three parts
_numbers = itertools.count(1)
ID = "20260920T100000Z-1a2b3c4d"


def manifest(data: bytes = DATA) -> Manifest:
    at = "2026-09-20T10:00:00Z"
    digest = hashlib.sha256(data).hexdigest()
    return Manifest(app="app", id=ID, created_at=at, updated_at=at, sha256=digest, size=len(data), part_size=10_000)


def stored(store: Store, begun: Manifest, data: bytes = DATA) -> Manifest:
    """Store it as a run does."""
    recipients = Recipients([str(KEY.to_public())])
    whole = store_parts(store, begun, recipients, lambda start, end: [data[start:end]], lambda now: now.write(store))
    whole = replace(whole, complete=True)
    whole.write(store)
    return whole


@dataclass(frozen=True)
class Kept:
    store: Store
    root: Path
    """Where its objects lie as files, each under its name."""


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    if request.param == "folder":
        return Kept(store_of(str(tmp_path / "kept")), tmp_path / "kept")
    server: S3Server = request.getfixturevalue("s3_server")
    bucket = server.bucket(f"kept-{next(_numbers)}")
    return Kept(server.store(f"s3://{bucket.name}/of/all/"), bucket / "of/all")


@pytest.fixture
def store(kept: Kept) -> Store:
    return kept.store


def test_an_app_without_backups_is_reported_with_those_that_have_some(store: Store) -> None:
    stored(store, manifest())
    assert without_backups(store, "app") == []
    place = store.place
    assert without_backups(store, "ap") == [
        f"{place} has no backups of ap. Did you mean app? There are backups of app."
    ]
    assert without_backups(store, "gateway") == [f"{place} has no backups of gateway. There are backups of app."]
    assert listed(store, "ap", verify=True) == []


def test_a_folder_that_cannot_be_searched_is_refused_in_words(tmp_path: Path) -> None:
    """As one whose name is too long, for which Path.exists raises as it does below a folder of somebody else."""
    unusable = FolderStore(str(tmp_path / ("x" * 300)))
    for call in (unusable.check, unusable.require):
        with suppress(CollectionError):
            call()


@pytest.mark.parametrize("size", [0, 1, 9_999, 10_000, 10_001, 25_000])
def test_it_comes_back_as_it_was(store: Store, size: int) -> None:
    data = DATA[:size]
    whole = stored(store, manifest(data), data)
    assert len(whole.parts) == max(1, -(-size // 10_000))
    assert b"".join(read_parts(store, whole, Identities(str(KEY)))) == data
    (backup,) = backups(store, "app")
    assert backup.good and backup.manifest == whole


def test_nothing_of_it_is_readable_where_it_lies(kept: Kept) -> None:
    data = b"a secret sentence " * 1000
    whole = stored(kept.store, manifest(data), data)
    files = [path for path in kept.root.rglob("*") if path.is_file()]
    if isinstance(kept.store, FolderStore):
        assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    assert len(files) == len(whole.parts) + 1
    assert not any(b"secret sentence" in path.read_bytes() for path in files)


def test_what_was_stored_is_not_stored_again(store: Store) -> None:
    recipients = Recipients([str(KEY.to_public())])
    seen: list[Manifest] = []

    class Cut(Exception):
        pass

    def read(start: int, end: int) -> list[bytes]:
        if start == 20_000:
            raise Cut
        return [DATA[start:end]]

    with pytest.raises(Cut):
        store_parts(store, manifest(), recipients, read, seen.append)
    seen[-1].write(store)
    (backup,) = backups(store, "app")
    assert not backup.good and backup.manifest and len(backup.manifest.parts) == 2

    asked: list[tuple[int, int]] = []

    def rest(start: int, end: int) -> list[bytes]:
        asked.append((start, end))
        return [DATA[start:end]]

    whole = store_parts(store, backup.manifest, recipients, rest, seen.append)
    assert asked == [(20_000, 25_000)]
    assert b"".join(read_parts(store, whole, Identities(str(KEY)))) == DATA


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap(path: Path) -> None:
    """Two parts in each other's place, each whole."""
    other = path.with_name(path.name.replace(".0001.", ".0002."))
    first, second = path.read_bytes(), other.read_bytes()
    path.write_bytes(second)
    other.write_bytes(first)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (flip, "its content is not what was stored"),
        (swap, "is not what was stored|bytes, "),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes, "),
        (Path.unlink, "No such file|does not exist"),
    ],
    ids=["flipped bit", "swapped parts", "cut", "missing"],
)
def test_a_damaged_one_is_refused(kept: Kept, damage: Callable[[Path], object], why: str) -> None:
    store = kept.store
    whole = stored(store, manifest())
    damage(kept.root / whole.folder / whole.parts[0].name)
    with pytest.raises(CollectionError, match=why):
        list(read_parts(store, whole, Identities(str(KEY))))
    (line,) = listed(store, "app", verify=True)
    assert not line["good"] and str(line["problems"])
    if damage is flip:
        assert backups(store, "app")[0].good, "sizes alone do not tell"


def test_parts_of_another_archive_are_refused(store: Store) -> None:
    whole = stored(store, manifest())
    wrong = replace(whole, parts=whole.parts[:2])
    with pytest.raises(CollectionError, match="not those of the archive"):
        list(read_parts(store, wrong, Identities(str(KEY))))


def test_another_key_is_refused(store: Store) -> None:
    whole = stored(store, manifest())
    with pytest.raises(CollectionError, match="encrypted for other keys"):
        list(read_parts(store, whole, Identities(str(x25519.Identity.generate()))))


@pytest.mark.parametrize("text", ["", "# a comment", "AGE-SECRET-KEY-1NONE", "age1x"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(CollectionError, match="no private key"):
        Identities(text)
    with pytest.raises(CollectionError, match="no public key") as error:
        Recipients([str(KEY)])
    assert str(KEY) not in str(error.value), "it may be the private one"


def test_other_files_are_no_backups(store: Store) -> None:
    whole = stored(store, manifest())
    for name in ("notes.txt", "app/notes.txt", "app/mine/manifest.json", "application/20260920T100000Z-1a2b3c4d/x"):
        store.write(name, b"mine")
    assert [each.id for each in backups(store, "app")] == [whole.id]


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"format": 2}', b"\xff"])
def test_a_manifest_that_is_none_is_a_problem(store: Store, text: bytes) -> None:
    store.write(f"app/{ID}/manifest.json", text)
    (backup,) = backups(store, "app")
    assert not backup.good and "manifest cannot be read" in backup.problems[0]
    assert backup.damaged, "it is reported, and not taken for what a cut-off run left"


def test_a_full_disk_is_reported_and_keeps_what_was_stored(tmp_path: Path) -> None:
    """No file may get larger than a part: what a full disk answers, without one."""
    store = FolderStore(str(tmp_path / "kept"))
    small, large = manifest(DATA[:5_000]), replace(manifest(), id="20260921T100000Z-1a2b3c4d", part_size=25_000)
    whole = stored(store, small, DATA[:5_000])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, before[1]))
    try:
        with pytest.raises(
            CollectionError, match=r"the backup cannot be stored: the disk is full \(File too large\)"
        ) as error:
            stored(store, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "fly_app_backup_keep" in str(error.value)
    assert [each.id for each in backups(store, "app") if each.good] == [whole.id]
    assert not list((tmp_path / "kept").rglob(".*")), "nothing half-written is left"


def test_what_is_removed_is_gone(kept: Kept) -> None:
    whole = stored(kept.store, manifest())
    for name in backups(kept.store, "app")[0].names:
        kept.store.remove(name)
    assert (kept.store.sizes("app/"), backups(kept.store, "app")) == ({}, [])
    kept.store.remove(f"{whole.folder}/manifest.json")  # again, as after a lost answer


NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (Retention(), range(60)),
        (Retention(last=3), range(3)),
        (Retention(daily=2), [0, 2]),  # two a day: of noon and of midnight
        (Retention(last=0, monthly=1), [0]),
        (Retention(weekly=2), [0, 14]),  # 20 September 2026 is a Sunday
        (Retention(last=2, monthly=2), [0, 1, 40]),
    ],
)
def test_old_ones_go_by_the_rules(rule: Retention, kept: list[int]) -> None:
    times = [NOW - timedelta(hours=12 * number) for number in range(60)]
    assert sorted(times.index(time) for time in rule.kept(times)) == list(kept)


def test_the_newest_always_stays() -> None:
    assert Retention(last=0, daily=1).kept([NOW]) == {NOW}
    for numbers in ({"last": 0}, {"last": 0, "daily": 0}, {"weekly": -1, "last": 2}):
        with pytest.raises(CollectionError, match="keep none"):
            Retention.of(numbers)


def test_a_part_names_its_place() -> None:
    assert manifest().part_name(1) == "openclaw-backup.tar.gz.0001.age"
    assert Part("a", 1, "b") != Part("a", 2, "b")
