"""Gateways on an emulator, and the proof run in this process."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from support.ansible import Ansible, Core
from support.emulator import Emulator
from support.hang import HANG
from support.site import Site

from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run

PUBLIC = {"shared_v4": 1, "v6": 1}
WANTED: dict[str, dict[str, int]] = {"public": PUBLIC, "private": {"private_v6": 1}, "sealed": {}}


class Gateway:
    """A gateway that site.yml made, how to break it, and how to look at it from outside."""

    def __init__(self, site: Site, exposure: str, **road: str) -> None:
        self.site, self.exposure, self.emulator = site, exposure, site.emulator
        self.road = road
        """Further parameters, that lead to a private gateway."""
        self.host = f"{site.app}.fly.dev.localhost"
        self.warnings: list[str] = []

    @property
    def token(self) -> str:
        return (self.site.root / f".local/secrets/{self.site.app}.token").read_text().strip()

    @property
    def config_path(self) -> Path:
        return self.site.data / "openclaw.json"

    def prove(self, *checks: str, **params: Any) -> dict[str, Any]:
        """The module's result for these checks."""
        module = importlib.import_module("ansible_collections.openclaw.fly.plugins.modules.openclaw_exposure_info")
        info = self.emulator.info
        given = {
            "api_token": self.emulator.token,
            "machines_url": self.emulator.api_url,
            "api_url": self.emulator.api_url,
            "app": self.site.app,
            "exposure": self.exposure,
            "addresses": WANTED[self.exposure],
            "hostnames": [self.host],
            "token": self.token,
            "checks": list(checks),
            "connect_to": "127.0.0.1",
            "http_port": info["edge_http_port"],
            "https_port": info["edge_https_port"],
            "tls_ca_file": info["ca_file"],
            **self.road,
            **params,
        }
        validated = ArgumentSpecValidator(module.SPEC["argument_spec"]).validate(given)
        assert not validated.error_messages, validated.error_messages
        self.warnings = []
        return run(module.body, validated.validated_parameters, Context(warn=self.warnings.append))

    def status(self, check: str, **params: Any) -> str:
        made = self.prove(check, **params)["checks"][0]
        return str(made["status"]) if made["status"] != "fail" else str(made["findings"])

    def findings(self, check: str, **params: Any) -> list[str]:
        result = self.prove(check, **params)
        assert result.get("failed"), result
        return [finding["what"] for finding in result["checks"][0]["findings"]]

    def update(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the machine's config behind the inventory's back, and wait until it serves."""
        machine = self.site.machine
        config = machine["config"]
        change(config)
        # Without a version, an update soon after the secrets were set runs with those of before.
        body = {"config": config, "min_secrets_version": 1}
        self.site.emulator.request("POST", f"/v1/apps/{self.site.app}/machines/{machine['id']}", body)
        self.settle()

    def settle(self) -> None:
        machine = self.site.machine["id"]
        self.emulator.get(f"/v1/apps/{self.site.app}/machines/{machine}/wait?state=started&timeout=60")
        self.until(lambda: all(c["status"] == "passing" for c in self.site.machine.get("checks") or []))

    def until(self, there: Callable[[], bool], seconds: float = HANG) -> None:
        deadline = time.monotonic() + seconds
        while not there():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            time.sleep(0.05)

    @contextmanager
    def broken(self, *words: str) -> Iterator[None]:
        """The gateway made unsafe in these ways (FEATHER_BREAK), and mended again."""
        self.update(lambda config: config["env"].update(FEATHER_BREAK=",".join(words)))
        try:
            yield
        finally:
            self.update(lambda config: config["env"].pop("FEATHER_BREAK"))

    @contextmanager
    def config(self, change: Callable[[dict[str, Any]], Any]) -> Iterator[None]:
        """Another openclaw.json, which the gateway takes while it runs."""
        before = self.config_path.read_text()
        config = json.loads(before)
        change(config)
        self._write(json.dumps(config))
        try:
            yield
        finally:
            self._write(before)

    def _write(self, text: str) -> None:
        before = self._reloaded()
        self.config_path.write_text(text)
        self.until(lambda: self._reloaded() != before)

    def _reloaded(self) -> str:
        """When the gateway last took a config."""
        data = [entry["attributes"] for entry in self.emulator.get(f"/api/v1/apps/{self.site.app}/logs")["data"]]
        times = [str(entry["timestamp"]) for entry in data if "config hot reload applied" in entry["message"]]
        return max(times, default="")


@pytest.fixture(scope="module")
def file_ansible(own_core: Core, collections_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Ansible:
    return Ansible(own_core, collections_path, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def declare(
    file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Gateway]:
    """Declare a gateway: its app's name, its exposure, variables of its host; not yet converged."""

    def declared(app: str, exposure: str, **variables: Any) -> Gateway:
        folder = tmp_path_factory.mktemp(app) / "site"
        given = {"fly_app_exposure": exposure, **variables}
        return Gateway(Site(file_ansible, emulator, folder, app, **given), exposure)

    return declared


def _converged(declare: Callable[..., Gateway], exposure: str) -> Gateway:
    gateway = declare(f"is-{exposure}", exposure)
    gateway.site.converge()
    return gateway


@pytest.fixture(scope="module")
def public(declare: Callable[..., Gateway]) -> Gateway:
    return _converged(declare, "public")


@pytest.fixture(scope="module")
def private(declare: Callable[..., Gateway]) -> Gateway:
    return _converged(declare, "private")


@pytest.fixture(scope="module")
def sealed(declare: Callable[..., Gateway]) -> Gateway:
    return _converged(declare, "sealed")


@pytest.fixture(params=["public", "private"])
def reached(request: pytest.FixtureRequest) -> Gateway:
    """A gateway and a road to it: the public edge, or Flycast as over WireGuard and fly proxy."""
    gateway: Gateway = request.getfixturevalue(request.param)
    if gateway.exposure == "public":
        return gateway
    flycast = f"127.0.0.1:{gateway.emulator.info['flycast_port']}"
    url = f"http://{gateway.site.app}.flycast"
    return Gateway(gateway.site, gateway.exposure, private_url=url, private_connect_to=flycast)
