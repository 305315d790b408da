# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnels as a person declares them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..problems import Problem
from ..secrets import is_env_name

VARIABLE: Final = "fly_app_tunnels"
KINDS: Final = ("ngrok", "tailscale", "cloudflared", "outbound")
RUN_BY: Final[dict[str, tuple[str, ...]]] = {
    "ngrok": ("process", "voice-call"),
    "tailscale": ("process", "gateway", "voice-call"),
    "cloudflared": ("process",),
}
SECRETS: Final = {"ngrok": "NGROK_AUTHTOKEN", "tailscale": "TS_AUTHKEY", "cloudflared": "TUNNEL_CRED_CONTENTS"}
"""Where each program looks for its secret; Fly secrets of these names unless the tunnel says otherwise."""
KEYS: Final = ("kind", "hostname", "paths", "port", "run_by", "mode", "id", "secret", "program")
MODES: Final = ("serve", "funnel")
VOICE_CALL: Final = "voice-call"
VOICE_CALL_PORT: Final = 3334
"""Where the voice-call plugin takes webhooks unless its serve.port says otherwise."""

_HOSTNAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\Z")
# Nothing that a pattern, a shell or a URL would read otherwise; no segment that is . or ..
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+(?:/\*)?\Z")
_PROGRAM = re.compile(r"[A-Za-z0-9._/-]+\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One well-formed tunnel; all but `kind` is empty for `outbound`.

    :param paths: ``/a`` is that path alone, ``/a/*`` one further segment of letters, digits, _ ~ -; ``/`` everything.
    :param port: where in the machine it leads, on 127.0.0.1.
    :param run_by: who runs the program: a process beside the gateway, the gateway, or the voice-call plugin.
    :param mode: Tailscale's serve (tailnet only) or funnel (everybody).
    :param id: the tunnel's UUID at Cloudflare.
    :param secret: the Fly secret that it logs in with.
    """

    kind: str
    hostname: str = ""
    paths: tuple[str, ...] = ()
    port: int = 0
    run_by: str = ""
    mode: str = ""
    id: str = ""
    secret: str = ""
    program: str = ""

    @property
    def everything(self) -> bool:
        return "/" in self.paths

    @property
    def public(self) -> bool:
        """Can anybody reach it, not only one's own tailnet?"""
        return self.kind != "outbound" and self.mode != "serve"

    @property
    def pattern(self) -> str:
        """The declared paths as one regular expression that Go, CEL and Python read alike."""
        segment = "/[A-Za-z0-9_~-]+"
        found = [path.removesuffix("/*").replace(".", "[.]") + segment * path.endswith("/*") for path in self.paths]
        return f"^({'|'.join(found)})$"


def read(declared: Any, gateway_port: int) -> tuple[list[Tunnel], list[Problem]]:
    """The well-formed tunnels, and what is wrong with the others. Values are not shown: one may be a token."""
    if isinstance(declared, str | Mapping) or not isinstance(declared, Sequence):
        return [], [_problem("", "is no list", "Write - kind: ngrok, and its hostname and paths below")]
    tunnels: list[Tunnel] = []
    problems: list[Problem] = []
    for index, entry in enumerate(declared):
        found = list(_wrong(entry, f"[{index}]"))
        problems += found
        if not found:
            tunnels.append(_tunnel(entry, gateway_port))
    return tunnels, problems + list(_together(tunnels))


def _tunnel(entry: Mapping[str, Any], gateway_port: int) -> Tunnel:
    kind = entry["kind"]
    if kind == "outbound":
        return Tunnel(kind)
    run_by = entry.get("run_by", "process")
    return Tunnel(
        kind,
        hostname=entry["hostname"].lower(),
        paths=tuple(entry["paths"]),
        port=int(entry.get("port", VOICE_CALL_PORT if run_by == VOICE_CALL else gateway_port)),
        run_by=run_by,
        mode=entry.get("mode", ""),
        id=str(entry.get("id", "")).lower(),
        secret=entry.get("secret", SECRETS[kind]),
        program=entry.get("program", kind),
    )


def _wrong(entry: Any, where: str) -> Iterator[Problem]:
    if not isinstance(entry, Mapping):
        yield _problem(where, "is no object", "Write its kind, hostname and paths")
        return
    for key in entry:
        if key not in KEYS:
            yield Problem(
                f"{VARIABLE}{where}.{key}",
                "is no key of a tunnel; a token is a Fly secret, and only its name stands here, as secret",
                KEYS,
                rule="tunnel",
            )
    kind = entry.get("kind")
    if kind not in KINDS:
        yield _problem(f"{where}.kind", "is an unknown kind of tunnel", f"Write {', '.join(KINDS[:-1])} or {KINDS[-1]}")
        return
    if kind == "outbound":
        if set(entry) - {"kind"}:
            yield _problem(where, "is outbound, which leads nowhere", "Write kind: outbound alone")
        return
    if not _matches(_HOSTNAME, entry.get("hostname"), lower=True):
        yield _problem(
            f"{where}.hostname",
            "is missing or no host name",
            "Write the fixed name that the vendor gave, such as voice.example.com, without scheme, port and path",
        )
    yield from _wrong_paths(entry.get("paths"), f"{where}.paths")
    run_by = entry.get("run_by", "process")
    if run_by not in RUN_BY[kind]:
        yield _problem(f"{where}.run_by", f"cannot run {kind}", f"Write {' or '.join(RUN_BY[kind])}")
    port = entry.get("port", 1)
    if isinstance(port, bool) or not str(port).isdigit() or not 0 < int(port) < 65536:
        yield _problem(f"{where}.port", "is no port", "Write a number from 1 to 65535")
    if not is_env_name(str(entry.get("secret", "A"))):
        yield _problem(
            f"{where}.secret",
            "is not the name of a Fly secret; if it is the token itself, take it out of the inventory's history too",
            f"Write {SECRETS[kind]}, and the token as fly_app_secrets.{SECRETS[kind]} from a vault",
        )
    if not _matches(_PROGRAM, entry.get("program", kind)):
        yield _problem(f"{where}.program", "is no program's name or path", f"Write {kind}, or a path in the machine")
    if kind == "tailscale" and entry.get("mode") not in MODES:
        yield _problem(f"{where}.mode", "is missing or unknown", "Write serve (your tailnet) or funnel (everybody)")
    if kind != "tailscale" and "mode" in entry:
        yield _problem(f"{where}.mode", f"is Tailscale's, and this is {kind}", "Leave it out")
    if kind == "cloudflared" and not _matches(_UUID, entry.get("id"), lower=True):
        yield _problem(f"{where}.id", "is missing or no UUID", "Write the tunnel's UUID: cloudflared tunnel list")
    if kind != "cloudflared" and "id" in entry:
        yield _problem(f"{where}.id", f"is cloudflared's, and this is {kind}", "Leave it out")


def _wrong_paths(paths: Any, where: str) -> Iterator[Problem]:
    if isinstance(paths, str | Mapping) or not isinstance(paths, Sequence) or not paths:
        yield _problem(where, "is missing, or no list", "Write what may come through, such as [/voice/webhook]")
        return
    for path in paths:
        if path != "/" and not _matches(_PATH, path):
            yield _problem(
                where,
                f"has {path!r}, which is no path",
                "Write /voice/webhook, or /voice/stream/* for one segment below; letters, digits and . _ ~ - only",
            )


def _together(tunnels: Sequence[Tunnel]) -> Iterator[Problem]:
    """What is wrong between well-formed ones."""
    if len(tunnels) > 1 and any(tunnel.kind == "outbound" for tunnel in tunnels):
        yield _problem("", "has outbound beside a tunnel", "Leave one of them out")
    for key, why in (("hostname", "one name leads to one place"), ("id", "Cloudflare would deal requests to either")):
        values = [value for tunnel in tunnels if (value := getattr(tunnel, key))]
        for value in sorted({value for value in values if values.count(value) > 1}):
            yield _problem("", f"has the {key} {value} twice: {why}", "Make one tunnel of them, or take another")
    if sum(tunnel.kind == "tailscale" for tunnel in tunnels) > 1:
        yield _problem("", "has tailscale twice: a machine is one node with one name", "Leave one of them out")


def _matches(shape: re.Pattern[str], value: Any, lower: bool = False) -> bool:
    return isinstance(value, str) and bool(shape.match(value.lower() if lower else value))


def _problem(where: str, message: str, suggestion: str) -> Problem:
    return Problem(f"{VARIABLE}{where}", message, suggestion=suggestion, rule="tunnel")
