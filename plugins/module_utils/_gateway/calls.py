# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to a gateway from inside its machine: every method that is wanted, over one WebSocket on loopback.

There the token alone gives all scopes, without a device (in 2026.3.24 none, and only `health` answers); from outside it
gives none. It needs no public route, and costs a bare Node (50 MB, a quarter of a second) where each call of OpenClaw's
command line costs 250 MB and seconds. The token is taken from the machine's own environment.

The client is JavaScript within this file because a module is shipped as Python files only; what it says of itself comes
from `gateway_client`, and a test has `node --check` and a gateway judge it.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .._base.errors import CollectionError
from .._openclaw.gateway_client import BACKEND
from .._openclaw.gateway_errors import PROTOCOL
from .._openclaw.paths import get
from .cli import GatewayCli

Call = tuple[str, Mapping[str, object]]
"""A method and its parameters."""

TIMEOUT: Final = 20
"""Seconds for all calls together: well below what an exec may take."""
SCOPES: Final = ("operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing")
"""All that an operator can have."""
_CONNECT: Final = {
    "minProtocol": PROTOCOL[0],
    "maxProtocol": PROTOCOL[1],
    "role": "operator",
    "caps": [],
    "client": BACKEND.params(),
    "scopes": SCOPES,
}
SCRIPT: Final = (
    f"const CONNECT = {json.dumps(_CONNECT)}, SECONDS = {TIMEOUT};"
    + r"""
const zlib = require("node:zlib");
const wanted = JSON.parse(process.argv[1]), result = { answers: [] };
const done = (error) => {
  if (error) result.error = String(error);
  const packed = zlib.gzipSync(JSON.stringify(result)).toString("base64");
  process.stdout.write(packed, () => process.exit(error ? 1 : 0));
};
setTimeout(() => done(`no answer within ${SECONDS} seconds`), SECONDS * 1000);
const socket = new WebSocket(`ws://127.0.0.1:${process.env.OPENCLAW_GATEWAY_PORT || 18789}/`);
const send = (id, method, params) => socket.send(JSON.stringify({ type: "req", id, method, params }));
socket.onerror = (event) => done(event.message || "no connection to the gateway");
socket.onclose = (event) => done(`closed: ${event.code} ${event.reason}`);
let open = wanted.length;
socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data);
  if (frame.type === "event" && frame.event === "connect.challenge") {
    send("connect", "connect", { ...CONNECT, auth: { token: process.env.OPENCLAW_GATEWAY_TOKEN } });
  } else if (frame.type === "res" && frame.id === "connect") {
    if (!frame.ok) return done(frame.error && frame.error.message);
    result.version = frame.payload.server && frame.payload.server.version;
    result.methods = frame.payload.features && frame.payload.features.methods;
    wanted.forEach(([method, params], place) => send(String(place), method, params));
    if (!open) done();
  } else if (frame.type === "res") {
    result.answers[Number(frame.id)] = { ok: frame.ok, payload: frame.payload, error: frame.error };
    if (!--open) done();
  }
};
"""
)


@dataclass(frozen=True, slots=True)
class CallResult:
    """A method's payload; None with the gateway's message, and its code for the reason, when it refused."""

    payload: Any
    refusal: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The release that answers, the methods that it has, and its answers in the calls' order."""

    release: str
    methods: frozenset[str]
    answers: list[CallResult]


def call(cli: GatewayCli, wanted: Sequence[Call]) -> tuple[str, list[CallResult]]:
    """Return the release that answers and the answers, in the calls' order. Raises when there is no gateway."""
    said = converse(cli, wanted)
    return said.release, said.answers


def converse(cli: GatewayCli, wanted: Sequence[Call], *, safe: bool = False, token: str | None = None) -> Conversation:
    """Make the calls; `safe`: making them twice does no harm; `token`: another than the machine's. Raises when there is
    no gateway, or when it refuses the token."""
    ran = cli.node(SCRIPT, json.dumps(wanted), token=token, safe=safe)
    try:
        result = json.loads(gzip.decompress(base64.b64decode(ran["stdout"])))
    except (OSError, EOFError, ValueError):
        result = {"error": ran["stderr"].strip()[-300:] or f"exit code {ran['exit_code']}"}
    if result.get("error"):
        raise CollectionError(
            "the gateway does not answer in its machine",
            why=str(result["error"]),
            todo="See its log: fly logs; while it starts, run this again",
        )
    answers = [_answer(entry) for entry in result["answers"]]
    return Conversation(str(result.get("version") or ""), frozenset(result.get("methods") or ()), answers)


def runs_file(cli: GatewayCli) -> bool:
    """Whether the gateway reports that it runs what its file says; older releases and busy ones do not."""
    try:
        state = call(cli, [("config.get", {})])[1][0].payload
    except CollectionError:
        return False
    applied = get(state, "appliedConfigHash")
    return bool(applied) and applied == get(state, "configRevisionHash")


def _answer(entry: Mapping[str, Any]) -> CallResult:
    if entry.get("ok"):
        return CallResult(entry.get("payload"))
    error = entry.get("error") or {}
    reason = str(get(error, "details", "reason", default=""))
    return CallResult(None, f"{error.get('code')}: {error.get('message')}", reason)
