"""A real S3 server on loopback: versitygw (Apache-2.0, Go), which checks signatures, clocks and rights.

Its go.mod and go.sum beside this file pin it and all that it is made of. An object lies as a file of its name below
the bucket's folder, so that a test can damage it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._archive.place import store_of
from ansible_collections.openclaw.fly.plugins.module_utils._archive.store import Store
from fly_emulator.settings import default_cache_dir

from .hang import until
from .needs import GO

_MODULE = Path(__file__).with_name("s3server")
_PACKAGE = "github.com/versity/versitygw/cmd/versitygw"
_BUILD = 1500.0


@dataclass(frozen=True)
class S3Server:
    program: Path
    root: Path
    port: int
    access_key: str = "AKIDOFTESTS"
    secret_key: str = "s3-secret-of-tests-9f2c"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def options(self) -> dict[str, str]:
        return {"endpoint": self.endpoint, "access_key": self.access_key, "secret_key": self.secret_key}

    @property
    def environment(self) -> dict[str, str]:
        """As `fly storage create` sets it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def bucket(self, name: str) -> Path:
        """Make a bucket, and return the folder of its objects."""
        folder = self.root / "buckets" / name
        folder.mkdir()
        return folder

    def store(self, place: str, **options: str) -> Store:
        return store_of(place, {**self.options, **options})

    def add_user(self, name: str, secret: str) -> None:
        """Who is allowed nothing."""
        admin = [str(self.program), "admin", "-a", self.access_key, "-s", self.secret_key, "-er", self.endpoint]
        command = [*admin, "create-user", "-a", name, "-s", secret, "-r", "user"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def program() -> Path:
    """Built once for all runs, by Go; skips the test without Go or the network."""
    go = GO.path()
    if not go:
        pytest.skip(GO.missing)
    digest = hashlib.sha256((_MODULE / "go.sum").read_bytes()).hexdigest()[:16]
    path = default_cache_dir() / f"s3server-{digest}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / "s3server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            fetched = _go(go, "mod", "download")
            if fetched.returncode:
                pytest.skip(f"the S3 server's modules cannot be fetched: {fetched.stderr[-500:]}")
            made = path.with_suffix(f".{os.getpid()}")
            built = _go(go, "build", "-o", str(made), _PACKAGE)
            if built.returncode:
                pytest.fail(f"the S3 server cannot be built: {built.stderr[-2000:]}", pytrace=False)
            made.replace(path)
    return path


def _go(go: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([go, *args], cwd=_MODULE, capture_output=True, text=True, timeout=_BUILD)


@contextmanager
def started(root: Path) -> Iterator[S3Server]:
    """A server whose buckets and users are below `root`, until the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = S3Server(program(), root, free.getsockname()[1])
    for folder in ("buckets", "users"):
        (root / folder).mkdir(parents=True)
    arguments = ["--port", f"127.0.0.1:{server.port}", "--iam-dir", str(root / "users"), "--iam-cache-disable"]
    env = {"ROOT_ACCESS_KEY": server.access_key, "ROOT_SECRET_KEY": server.secret_key, "PATH": "/usr/bin:/bin"}
    with (root / "log").open("wb") as log:
        command = [str(server.program), *arguments, "posix", str(root / "buckets")]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            until(lambda: answers(server.port) or process.poll() is not None, "the S3 server to answer")
            assert process.poll() is None, (root / "log").read_text()
            yield server
        finally:
            process.terminate()
            process.wait(10)
            shutil.rmtree(root / "buckets", ignore_errors=True)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
