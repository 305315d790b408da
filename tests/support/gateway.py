"""One real gateway on the emulator, made by site.yml as a user makes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.remote_files import RemoteFiles
from ansible_collections.openclaw.fly.plugins.module_utils._gateway import calls as gateway_calls
from ansible_collections.openclaw.fly.plugins.module_utils._gateway.cli import GatewayCli
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.device_identity import DeviceIdentity
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_client import Login
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import HttpProbe
from ansible_collections.openclaw.fly.plugins.module_utils._options.api import API_OPTIONS, connect

from .ansible import Ansible, Run
from .emulator import Emulator
from .gateway_session import Session
from .hang import HANG, LONG
from .site import Site, result

CONFIG = "/data/openclaw.json"


class GatewaySite(Site):
    """A declared gateway with the image that users get. `variables` may be changed between runs, as an inventory is."""

    playbook = "openclaw.fly.site"
    """The installed one."""

    def __init__(self, ansible: Ansible, emulator: Emulator, root: Path, app: str) -> None:
        super().__init__(ansible, emulator, root, app)
        self.variables.clear()
        self.output = ""
        """What all runs printed."""

    def run(self, *args: str, **options: Any) -> Run:
        return self._noted(self.start(*args, **options).wait(LONG))

    def play(self, name: str, **extra_vars: Any) -> Run:
        """Run another playbook of the collection for this gateway."""
        done = self.ansible.playbook(f"openclaw.fly.{name}", inventory=self.inventory, extra_vars=extra_vars)
        return self._noted(done).ok()

    def _noted(self, run: Run) -> Run:
        self.output += run.output
        return run

    # Where it is

    @property
    def host(self) -> str:
        return f"{self.app}.fly.dev.localhost"

    @property
    def port(self) -> int:
        return int(self.emulator.info["edge_https_port"])

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"

    @property
    def token_file(self) -> Path:
        return self.root / ".local" / "secrets" / f"{self.app}.token"

    @property
    def token(self) -> str:
        return self.token_file.read_text().strip()

    # From outside

    def probe(self) -> HttpProbe:
        return HttpProbe(self.endpoint)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint.parse(self.url, ca_file=str(self.emulator.ca_file))

    def connect(self, token: str | None, device: DeviceIdentity | None = None) -> Session:
        """Log in over the public edge; raises `ConnectFailed`."""
        return Session(self.endpoint, Login(token, device, scopes=gateway_calls.SCOPES if device else ()))

    # Inside

    def inside(self) -> dict[str, Any]:
        """What openclaw_gateway_info tells of it from inside its machine."""
        task = {"openclaw.fly.openclaw_gateway_info": {"app": self.app, "inside": True}}
        run = self.ansible.tasks(task, env=self.emulator.environment)
        told: dict[str, Any] = result(run.ok(), "openclaw_gateway_info")["gateway"]
        return told

    def sh(self, script: str, stdin: str = "") -> str:
        """Run a shell script in the machine, as root; return what it printed."""
        body = {"command": ["sh", "-c", script], "stdin": stdin, "timeout": 55}
        answer = self.emulator.request("POST", f"/v1/apps/{self.app}/machines/{self.machine['id']}/exec", body)
        assert not answer["exit_code"], answer
        return str(answer["stdout"])

    def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Call a method of the gateway in its machine, and return the payload."""
        emulator = self.emulator
        api = {"api_token": emulator.token, "machines_url": emulator.api_url, "api_url": emulator.api_url}
        options = ArgumentSpecValidator(API_OPTIONS).validate(api).validated_parameters
        files = RemoteFiles(connect(options, Context()), self.app, self.machine["id"])
        _release, (answer,) = gateway_calls.call(GatewayCli(files, "1000:1000"), [(method, dict(params or {}))])
        assert not answer.refusal, answer.refusal
        return answer.payload

    def write_config(self, text: str) -> None:
        """Replace openclaw.json behind the collection's back, as somebody with a shell would."""
        self.sh(
            f"cat > {CONFIG}.new; chown 1000:1000 {CONFIG}.new; chmod 600 {CONFIG}.new; mv {CONFIG}.new {CONFIG}", text
        )

    @property
    def config_stat(self) -> str:
        """Inode, times, owner, mode and digest of openclaw.json: whether it was touched."""
        return self.sh(f"stat -c '%i %Y %Z %u:%g %a' {CONFIG}; sha256sum < {CONFIG}")

    @property
    def process(self) -> tuple[str, int]:
        """The machine's version and the gateway's pid: equal as long as neither was restarted."""
        machine = self.machine
        listed = self.get(f"/machines/{machine['id']}/ps")
        return machine["instance_id"], next(each["pid"] for each in listed if each["listen_sockets"])

    def log(self) -> list[str]:
        """What the machine wrote, oldest line first."""
        lines, after = [], "0"
        while page := self.emulator.get(f"/api/v1/apps/{self.app}/logs?next_token={after}")["data"]:
            lines += [str(entry["attributes"]["message"]) for entry in page]
            after = page[-1]["id"]
        return lines


def eventually(what: str, holds: Callable[[], Any], timeout: float = HANG) -> Any:
    """Poll until `holds` returns something true, and return it."""
    deadline = time.monotonic() + timeout
    while not (value := holds()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout:g} s"
        time.sleep(0.3)
    return value
