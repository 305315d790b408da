"""References, versions of Node, and an image that is whole or absent."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.hang import HANG

import fly_emulator
from fly_emulator.images.base import Image, ImageNotFound
from fly_emulator.images.catalog import Catalog
from fly_emulator.images.semver import parse_range, parse_version, pip_specifiers, satisfies

ENGINES = ">=24.16.0 <25 || >=26.1.0"

NPM = """#!{python}
# A registry of one release: installing takes until the file `go` exists beside this script.
import json, pathlib, sys, time
here = pathlib.Path(__file__).parent
if sys.argv[1] == "view":
    version = sys.argv[2].partition("@")[2].replace("latest", "2026.9.6")
    if version != "2026.9.6":
        sys.exit("npm error code E404")
    print(json.dumps({{"version": version, "engines.node": "{engines}", "dist.integrity": "sha512-abc"}}))
elif sys.argv[1] == "install":
    with (here / "installs").open("a") as log:
        log.write(sys.argv[2] + "\\n")
    package = pathlib.Path("node_modules/openclaw")
    package.mkdir(parents=True)
    while not (here / "go").exists():
        time.sleep(0.01)
    (package / "package.json").write_text(json.dumps({{"scripts": {{"postinstall": "true"}}}}))
    pathlib.Path("package-lock.json").write_text("{{}}")
elif sys.argv[1:] == ["run", "postinstall"]:
    (here / "postinstall").write_text(str(pathlib.Path.cwd()))
"""


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("24.16.0", ENGINES, True),
        ("24.15.9", ENGINES, False),
        ("25.1.0", ENGINES, False),
        ("26.1.0", ENGINES, True),
        ("22.12.0", ">=22.12.0", True),
        ("22.20.3", "^22.12", True),
        ("23.0.0", "^22.12", False),
        ("0.2.9", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("22.13.0", "~22.12.1", False),
        ("22.12.9", "~22.12.1", True),
        ("20.1.0", "20 || 22.x", True),
        ("22.9.0", "20 || 22.x", True),
        ("21.0.0", "20 || 22.x", False),
        ("18.5.0", "18.0.0 - 18.9.9", True),
        ("24.0.0", ">23", True),
        ("23.9.9", ">23", False),
        ("23.9.9", "<=23", True),
        ("99.0.0", "*", True),
    ],
)
def test_ranges_are_read_as_npm_reads_them(version: str, wanted: str, fits: bool) -> None:
    assert satisfies(parse_version(version), parse_range(wanted)) is fits


def test_a_range_becomes_pips_specifiers_highest_first() -> None:
    assert pip_specifiers(parse_range(ENGINES)) == [">=26.1.0", ">=24.16.0,<25.0.0"]
    with pytest.raises(ValueError, match="'latest' is not understood"):
        parse_range("latest")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("ghcr.io/openclaw/openclaw@sha256:" + "a" * 64, "names a digest"),
        ("registry.fly.io/featherweight:1@sha256:" + "a" * 64, "names a digest"),
        ("ghcr.io/openclaw/openclaw:main", "no npm release behind it"),
        ("docker.io/library/nginx:1", "pulls from no registry"),
        ("Not An Image", "not an image reference"),
    ],
)
def test_what_is_no_image_here_says_why(tmp_path: Path, reference: str, words: str) -> None:
    with pytest.raises(ImageNotFound, match=words):
        asyncio.run(Catalog(tmp_path, None).resolve(reference, print))


def test_a_persons_own_image(tmp_path: Path) -> None:
    own = tmp_path / "images" / "mine"
    (own / "root").mkdir(parents=True)
    described = {"reference": "registry.fly.io/mine:1", "binds": {"/srv": "root"}, "cmd": ["/srv/x"], "user": [7, 8]}
    (own / "image.json").write_text(json.dumps(described))
    catalog = Catalog(tmp_path / "cache", tmp_path / "images")
    image = asyncio.run(catalog.resolve("registry.fly.io/mine:1", print))
    assert [(bind.source, bind.target) for bind in image.binds] == [(own / "root", "/srv")]
    assert (image.cmd, image.user, image.workdir) == (("/srv/x",), (7, 8), "/")
    (own / "image.json").write_text('{"reference": 1')
    with pytest.raises(ImageNotFound, match="does not describe an image"):
        asyncio.run(catalog.resolve("registry.fly.io/mine:1", print))


def test_an_unreachable_registry_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retry_mintimeout", "10")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(
        ImageNotFound, match=r"could not look up openclaw@2026\.9\.6: .*ECONNREFUSED.*npm config get registry"
    ):
        asyncio.run(Catalog(tmp_path, None).resolve("openclaw/openclaw:2026.9.6", print))


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm of one small release, first on PATH, with a Node that fits it."""
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "npm").write_text(NPM.format(python=sys.executable, engines=ENGINES))
    (directory / "node").write_text("#!/bin/sh\necho v24.17.0\n")
    for name in ("npm", "node"):
        (directory / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return directory


def test_an_image_is_fetched_once_and_then_offline(tmp_path: Path, npm: Path) -> None:
    (npm / "go").touch()
    told: list[str] = []
    catalog = Catalog(tmp_path / "cache", None)

    def resolve(reference: str) -> Image:
        return asyncio.run(catalog.resolve(reference, told.append))

    first = resolve("ghcr.io/openclaw/openclaw:2026.9.6-slim")
    assert (first.workdir, first.user, first.env["NODE_VERSION"]) == ("/app", (1000, 1000), "24.17.0")
    assert {bind.target: bind.source for bind in first.binds}["/app"] == tmp_path / "cache/images/openclaw-2026.9.6/app"
    assert any(line.startswith("npm install openclaw@2026.9.6: ") for line in told)
    assert (npm / "postinstall").exists()
    (npm / "npm").write_text("#!/bin/sh\necho npm error code ECONNREFUSED >&2; exit 1\n")
    assert resolve("openclaw/openclaw:2026.9.6").digest == first.digest
    assert resolve("openclaw/openclaw:latest").digest == first.digest
    assert any("not reachable: latest is the newest fetched before" in line for line in told)
    with pytest.raises(ImageNotFound, match=r"could not look up openclaw@2026\.9\.7"):
        resolve("openclaw/openclaw:2026.9.7")


def test_an_unknown_version_is_not_an_unreachable_registry(tmp_path: Path, npm: Path) -> None:
    with pytest.raises(ImageNotFound, match=r"npm has no openclaw@2026\.9\.7.*npm view openclaw versions"):
        asyncio.run(Catalog(tmp_path / "cache", None).resolve("openclaw/openclaw:2026.9.7", print))


def test_two_at_once_fetch_once(tmp_path: Path, npm: Path) -> None:
    told: list[str] = []

    async def both() -> list[Image]:
        wanted = [
            Catalog(tmp_path / "cache", None).resolve("openclaw/openclaw:2026.9.6", told.append) for _ in range(2)
        ]
        work = asyncio.gather(*wanted)
        while not any("waiting for it" in line for line in told):
            await asyncio.sleep(0.01)
        (npm / "go").touch()
        return list(await work)

    one, two = asyncio.run(asyncio.wait_for(both(), HANG))
    assert one == two
    assert (npm / "installs").read_text() == "openclaw@2026.9.6\n"


def test_a_killed_download_leaves_no_half_image(tmp_path: Path, npm: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from fly_emulator.images.catalog import Catalog;"
        f"asyncio.run(Catalog(Path({str(tmp_path / 'cache')!r}), None).resolve('openclaw/openclaw:2026.9.6', print))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(fly_emulator.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.DEVNULL) as fetching:
        deadline = time.monotonic() + HANG
        while not (npm / "installs").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        fetching.send_signal(signal.SIGKILL)
    (npm / "go").touch()
    images = tmp_path / "cache" / "images"
    assert not (images / "openclaw-2026.9.6").exists()
    asyncio.run(Catalog(tmp_path / "cache", None).resolve("openclaw/openclaw:2026.9.6", print))
    assert [path.name for path in images.iterdir() if "fetch-" in path.name] == []
