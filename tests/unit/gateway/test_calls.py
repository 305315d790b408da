"""The client that runs in the machine, by this machine's Node.js: the tests' own, which the emulator needs anyway."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.needs import NODE

from ansible_collections.openclaw.fly.plugins.module_utils._gateway.calls import SCOPES, SCRIPT, TIMEOUT
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_client import BACKEND
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_errors import PROTOCOL

needs_node = pytest.mark.skipif(not NODE.path(), reason=NODE.missing)
# A WebSocket that greets, accepts and answers as the gateway does; Node 20 has none of its own.
GATEWAY = r"""
globalThis.WebSocket = class {
  constructor(url) {
    this.url = url;
    setImmediate(() => this.say({ type: "event", event: "connect.challenge", payload: { nonce: "n", ts: 1 } }));
  }
  say(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
  send(text) {
    const { id, method, params } = JSON.parse(text);
    const answer = { type: "res", id, ok: method !== "bad" };
    if (method === "connect") answer.payload = { server: { version: "2026.9.6" }, asked: this.connect = params };
    else if (method === "bad") answer.error = { code: "FORBIDDEN", message: "no" };
    else answer.payload = { url: this.url, connect: this.connect, params };
    setImmediate(() => this.say(answer));
  }
};
"""


@needs_node
def test_node_accepts_the_script(tmp_path: Path) -> None:
    script = tmp_path / "calls.js"
    script.write_text(SCRIPT)
    checked = subprocess.run([str(NODE.path()), "--check", script], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    script.write_text(SCRIPT.replace("};", "}};", 1))
    assert subprocess.run([str(NODE.path()), "--check", script], capture_output=True).returncode != 0


@needs_node
def test_the_script_presents_itself_as_the_client_does() -> None:
    wanted = [["good", {"a": 1}], ["bad", {}]]
    env = {"OPENCLAW_GATEWAY_TOKEN": "the-token", "OPENCLAW_GATEWAY_PORT": "3000", "PATH": "/usr/bin:/bin"}
    command = [str(NODE.path()), "-e", GATEWAY + SCRIPT, json.dumps(wanted)]
    ran = subprocess.run(command, capture_output=True, text=True, env=env, timeout=TIMEOUT + 40)
    result: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(ran.stdout)))
    good, bad = result["answers"]
    sent = good["payload"]["connect"]
    assert (result["version"], good["payload"]["url"]) == ("2026.9.6", "ws://127.0.0.1:3000/")
    assert (sent["minProtocol"], sent["maxProtocol"]) == PROTOCOL
    assert (sent["client"], tuple(sent["scopes"])) == (BACKEND.params(), SCOPES)
    assert sent["auth"] == {"token": "the-token"}
    assert (bad["ok"], bad["error"]["code"]) == (False, "FORBIDDEN")
