"""Start the emulator by its own command, and talk to its control API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .ansible import REPO
from .hang import HANG


class Emulator:
    """An emulator with a state directory of its own, on free ports; `args` go to its `start`."""

    def __init__(self, state_dir: Path, *args: str, env: Mapping[str, str] | None = None) -> None:
        self.state_dir = state_dir
        self.args = args
        passed = {name: value for name, value in os.environ.items() if not name.startswith(("FLY_", "ANSIBLE_"))}
        # The checkout's sources count, wherever this interpreter's copy came from.
        self._env = passed | {"PYTHONPATH": str(REPO / "emulator")} | dict(env or {})
        self.info: dict[str, Any] = {}
        """What emulator.json says: api_url, edge_http_port, edge_https_port, ca_file, tier, guarantees, pid, ..."""

    def __repr__(self) -> str:
        return f"Emulator({self.info.get('api_url', 'stopped')})"

    @property
    def api_url(self) -> str:
        return str(self.info["api_url"])

    @property
    def token(self) -> str:
        """The random one of its state directory, or what `--token` names."""
        return Path(self.info["token_file"]).read_text().strip()

    @property
    def ca_file(self) -> Path:
        return Path(self.info["ca_file"])

    @property
    def environment(self) -> dict[str, str]:
        """What makes a playbook, or flyctl, use this emulator instead of Fly.io."""
        return {
            "FLY_API_TOKEN": self.token,
            "FLY_FLAPS_BASE_URL": self.api_url,
            "FLY_API_BASE_URL": self.api_url,
            "FLY_ORG": "personal",
        }

    def command(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run `fly_emulator WORDS --state-dir ...` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "fly_emulator", *words, "--state-dir", str(self.state_dir)],
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self) -> None:
        done = self.command("start", "--api-port", "0", "--edge-http-port", "0", "--edge-https-port", "0", *self.args)
        assert done.returncode == 0, f"the emulator did not start\n{done.stdout}{done.stderr}"
        self.info = json.loads((self.state_dir / "emulator.json").read_text())

    def stop(self) -> None:
        done = self.command("stop")
        assert done.returncode == 0, f"the emulator did not stop\n{done.stdout}{done.stderr}"
        self.info = {}

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Call its API with its token; return the answer's JSON, or None; raise HTTPError."""
        request = urllib.request.Request(
            self.api_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=HANG) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            error.add_note(error.read().decode(errors="replace"))
            raise
        return json.loads(text) if text else None

    def get(self, path: str) -> Any:
        return self.request("GET", path)

    def journal(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the requests since the last clearing; `kind` is read, write or exec, or several with commas."""
        entries: list[dict[str, Any]] = self.get(f"/emulator/v1/journal?kind={kind or ''}")["entries"]
        return entries

    def clear_journal(self) -> None:
        self.request("DELETE", "/emulator/v1/journal")
