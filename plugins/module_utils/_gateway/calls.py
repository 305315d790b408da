# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to a gateway from inside its machine: every method that is wanted, over one WebSocket on loopback.

There the token alone gives all scopes, without a device (in 2026.3.24 none, and only `health` answers); from outside it
gives none. It needs no public road, and costs a bare Node (50 MB, a quarter of a second) where each call of OpenClaw's
command line costs 250 MB and seconds. The token is taken from the machine's own environment.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .._base.errors import CollectionError
from .._openclaw.paths import get
from .cli import GatewayCli

Call = tuple[str, Mapping[str, Any]]
"""A method and its parameters."""

SCRIPT: Final = r"""
const zlib = require("node:zlib");
const wanted = JSON.parse(process.argv[1]), told = { answers: [] };
const done = (error) => {
  if (error) told.error = String(error);
  process.stdout.write(zlib.gzipSync(JSON.stringify(told)).toString("base64"), () => process.exit(error ? 1 : 0));
};
setTimeout(() => done("no answer within 20 seconds"), 20000);
const socket = new WebSocket(`ws://127.0.0.1:${process.env.OPENCLAW_GATEWAY_PORT || 18789}/`);
const send = (id, method, params) => socket.send(JSON.stringify({ type: "req", id, method, params }));
socket.onerror = (event) => done(event.message || "no connection to the gateway");
socket.onclose = (event) => done(`closed: ${event.code} ${event.reason}`);
let open = wanted.length;
socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data);
  if (frame.type === "event" && frame.event === "connect.challenge") {
    send("connect", "connect", {
      minProtocol: 3, maxProtocol: 4, role: "operator", caps: [],
      client: { id: "gateway-client", displayName: "openclaw.fly", version: "1.0.0", platform: "linux",
        mode: "backend" },
      scopes: ["operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing"],
      auth: { token: process.env.OPENCLAW_GATEWAY_TOKEN },
    });
  } else if (frame.type === "res" && frame.id === "connect") {
    if (!frame.ok) return done(frame.error && frame.error.message);
    told.version = frame.payload.server && frame.payload.server.version;
    wanted.forEach(([method, params], place) => send(String(place), method, params));
    if (!open) done();
  } else if (frame.type === "res") {
    told.answers[Number(frame.id)] = { ok: frame.ok, payload: frame.payload, error: frame.error };
    if (!--open) done();
  }
};
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A method's payload; None with the gateway's reason when it refused."""

    payload: Any
    refusal: str | None = None


def call(cli: GatewayCli, wanted: Sequence[Call]) -> tuple[str, list[Answer]]:
    """Return the release that answers and the answers, in the calls' order. Raises when there is no gateway."""
    ran = cli.node(SCRIPT, json.dumps(wanted))
    try:
        told = json.loads(gzip.decompress(base64.b64decode(ran["stdout"])))
    except (OSError, EOFError, ValueError):
        told = {"error": ran["stderr"].strip()[-300:] or f"exit code {ran['exit_code']}"}
    if told.get("error"):
        raise CollectionError(
            "the gateway does not answer in its machine",
            why=str(told["error"]),
            todo="See its log: fly logs; while it starts, run this again",
        )
    return str(told.get("version") or ""), [_answer(entry) for entry in told["answers"]]


def runs_file(cli: GatewayCli) -> bool:
    """Whether the gateway says that it runs what its file says; older releases and busy ones do not tell."""
    try:
        told = call(cli, [("config.get", {})])[1][0].payload
    except CollectionError:
        return False
    applied = get(told, "appliedConfigHash")
    return bool(applied) and applied == get(told, "configRevisionHash")


def _answer(entry: Mapping[str, Any]) -> Answer:
    if entry.get("ok"):
        return Answer(entry.get("payload"))
    error = entry.get("error") or {}
    return Answer(None, f"{error.get('code')}: {error.get('message')}")
