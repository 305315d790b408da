"""fly_deploy with engine flyctl and the real flyctl: as far as it goes where no builder of Fly.io's can be reached."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from support.emulator import Emulator

from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run
from ansible_collections.openclaw.fly.plugins.modules import fly_deploy

from .conftest import SLEEP, Flyctl
from .registry import registry

DEFINITION = {"primary_region": "iad", "kill_signal": "SIGKILL"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "Dockerfile").write_text('FROM scratch\nARG GREETING\nLABEL greeting="$GREETING"\nCOPY hello /\n')
    (folder / "hello").write_text("hello")
    (folder / "secret").write_text("not sent")
    (folder / ".dockerignore").write_text("secret\n")
    return folder


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def flyctl(
    flyctl_binary: str,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    images: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flyctl]:
    with start_emulator("--image-dir", str(images)) as emulator:
        yield Flyctl(flyctl_binary, emulator, tmp_path_factory.mktemp("flyctl"))


@pytest.fixture
def short_path() -> Iterator[Path]:
    """podman takes no run directory of more than 50 characters."""
    with tempfile.TemporaryDirectory(prefix="podman") as path:
        yield Path(path)


@pytest.fixture
def docker(short_path: Path) -> Iterator[str]:
    """podman, speaking Docker's API, with a store of its own and plain HTTP to loopback."""
    podman = shutil.which("podman")
    if not podman:
        pytest.skip("no podman: nothing builds here")
    (short_path / "registries.conf").write_text('[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n')
    socket = short_path / "docker.sock"
    command = [podman, f"--root={short_path}/root", f"--runroot={short_path}/run", "--storage-driver=vfs"]
    env = {**os.environ, "CONTAINERS_REGISTRIES_CONF": str(short_path / "registries.conf")}
    with (short_path / "podman.log").open("w") as log:
        service = subprocess.Popen(
            [*command, "system", "service", "--time=0", f"unix://{socket}"], env=env, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 20
        while not socket.exists() and service.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if not socket.exists():
            pytest.skip(f"podman serves no API here: {(short_path / 'podman.log').read_text()[-300:]}")
        yield f"unix://{socket}"
    finally:
        service.terminate()
        service.wait(20)


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, flyctl: Flyctl) -> None:
    """What flyctl would ask elsewhere, it asks a proxy where nothing listens."""
    monkeypatch.setenv("FLY_CONFIG_DIR", str(flyctl.config))
    monkeypatch.setenv("FLY_NO_INCIDENTS_CHECK", "1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


def deploy(flyctl: Flyctl, app: str, check: bool = False, **build: Any) -> dict[str, Any]:
    url = flyctl.emulator.api_url
    given = {
        "api_token": flyctl.emulator.token, "machines_url": url, "api_url": url, "api_retries": 0, "app": app,
        "definition": DEFINITION, "engine": "flyctl", "build": build, "flyctl": flyctl.binary,
    }  # fmt: skip
    params = ArgumentSpecValidator(fly_deploy.SPEC["argument_spec"]).validate(given).validated_parameters
    return run(fly_deploy.body, params, Context(check_mode=check))


def test_fly_io_s_builder_is_not_here(flyctl: Flyctl, source: Path) -> None:
    app = flyctl.app("remote")
    planned = deploy(flyctl, app, check=True, path=str(source))
    assert planned["changes"][0] == f"build {planned['image']} from {source}"
    failed = deploy(flyctl, app, path=str(source))
    assert "there is no builder" in failed["msg"] and "not implemented by the emulator" in failed["msg"]
    assert flyctl.emulator.token not in str(failed) and flyctl.machines(app) == []


def test_no_app(flyctl: Flyctl, source: Path) -> None:
    failed = deploy(flyctl, "nobody-made-it", path=str(source))
    assert "the app does not exist" in failed["msg"] and "fly_app" in failed["msg"]


def test_built_here_and_pushed(
    flyctl: Flyctl, source: Path, docker: str, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = flyctl.app("local")
    monkeypatch.setenv("DOCKER_HOST", docker)
    with registry(images, SLEEP) as host:
        monkeypatch.setenv("FLY_REGISTRY_HOST", host)
        build: dict[str, Any] = {"path": str(source), "builder": "local", "args": {"GREETING": "hi"}}
        done = deploy(flyctl, app, **build)
        assert done.get("changed"), done
        assert done["image"].startswith(f"{host}/{app}:build-")
        (machine,) = flyctl.machines(app)
        assert machine["config"]["image"].startswith(f"{done['image']}@sha256:")
        flyctl.emulator.clear_journal()
        assert deploy(flyctl, app, **build)["changes"] == []
        assert flyctl.emulator.journal("write,exec") == []
        (source / "hello").write_text("other")
        assert deploy(flyctl, app, **build)["changes"] == [
            f"build {deploy(flyctl, app, check=True, **build)['image']} from {source}",
            f"update machine {machine['id']}: image",
        ]
        (source / "Dockerfile").write_text("FROM scratch\nCOPY nothing /\n")
        failed = deploy(flyctl, app, **build)
        assert "the image could not be built" in failed["msg"] and "nothing" in failed["msg"]
