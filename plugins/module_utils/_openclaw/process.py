# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that starts a gateway, as it stands in fly.toml's [processes]."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from .errors import InvalidValue
from .problems import Problem

DEFAULT_PORT = 18789
"""Where a gateway listens without ``--port``, OPENCLAW_GATEWAY_PORT and gateway.port (run of 2026.9.6)."""

HEAP_SHARE = 0.75
"""Of the memory: Node needs the rest beside its heap (buffers, code, a second command in the machine)."""

BINDS = ("loopback", "lan", "tailnet", "auto", "custom")
ALL_ADDRESSES = ("0.0.0.0", "::", "[::]", "*")
LOOPBACKS = ("loopback", "localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class GatewayCommand:
    """A parsed gateway command; None where it does not say."""

    argv: tuple[str, ...]
    port: int | None
    bind: str | None
    allow_unconfigured: bool


def gateway_command(port: int = 3000, bind: str = "lan", *, allow_unconfigured: bool = True) -> str:
    """The command for [processes] in the official image, as the guide writes it."""
    flag = " --allow-unconfigured" if allow_unconfigured else ""
    return f"node dist/index.js gateway{flag} --port {port} --bind {bind}"


def parse(command: str) -> GatewayCommand:
    """Read a process command.

    :raises InvalidValue: if it is not one command line, does not start a gateway, or its port is no port.
    """
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise InvalidValue(
            "The process command cannot be read", where=command, why=str(error), todo="Close its quotes."
        ) from None
    if "gateway" not in argv:
        raise InvalidValue(
            "The process command does not start a gateway",
            where=command,
            why="the word 'gateway' is missing",
            todo=f"Write for example: {gateway_command()}",
        )
    options = argv[argv.index("gateway") + 1 :]
    port = _option(options, "--port")
    if port is not None and not (port.isdigit() and 0 < int(port) < 65536):
        raise InvalidValue(
            f"--port {port} is not a port",
            where=command,
            todo="Write a number from 1 to 65535, such as 3000.",
        )
    return GatewayCommand(
        argv=tuple(argv),
        port=None if port is None else int(port),
        bind=_option(options, "--bind"),
        allow_unconfigured="--allow-unconfigured" in options,
    )


def check(
    command: str, internal_port: int | None, *, behind_proxy: bool = True, env_port: int | None = None
) -> list[Problem]:
    """What would keep Fly's proxy from reaching the gateway that this command starts.

    :param internal_port: the service's port in fly.toml; None for an app without service.
    :param behind_proxy: False for a sealed gateway, which may stay on loopback.
    :param env_port: OPENCLAW_GATEWAY_PORT of the machine, which holds where the command names no port.
    """
    try:
        parsed = parse(command)
    except InvalidValue as error:
        # Without the command itself, which may hold a secret.
        message = f"{error.what}: {error.why}" if error.why else error.what
        return [Problem("processes", message, suggestion=error.todo or None, rule="process")]
    problems = []
    port = parsed.port or env_port or DEFAULT_PORT
    if internal_port is not None and internal_port != port:
        source = "--port" if parsed.port else "OPENCLAW_GATEWAY_PORT" if env_port else "the default port"
        problems.append(
            Problem(
                "internal_port",
                f"is {internal_port}, but the gateway listens on {port} ({source})",
                suggestion=f"Set internal_port to {port}, or start the gateway with --port {internal_port}",
                rule="internal-port",
            )
        )
    problems += check_bind(parsed.bind, "--bind", behind_proxy=behind_proxy, missing_ok=not behind_proxy)
    return problems


def check_bind(bind: str | None, path: str, *, behind_proxy: bool, missing_ok: bool) -> list[Problem]:
    """Rules for a bind word, on the command line or as gateway.bind."""
    if bind is None:
        if missing_ok:
            return []
        return [
            Problem(
                path,
                "is missing: without it the config decides, and may leave the gateway on loopback",
                suggestion="Add --bind lan to the process command",
                rule="bind-missing",
            )
        ]
    if bind in ALL_ADDRESSES:
        return [
            Problem(
                path,
                f"is {bind}, which OpenClaw refuses: it takes a word",
                suggestion="Write lan, which listens on all IPv4 addresses (there is no IPv6 listener)",
                rule="bind-alias",
            )
        ]
    if behind_proxy and bind in LOOPBACKS:
        return [
            Problem(
                path,
                f"is {bind}: the gateway would listen on 127.0.0.1, where Fly's proxy cannot reach it",
                suggestion="Write lan",
                rule="bind-loopback",
            )
        ]
    if bind not in BINDS:
        return [
            Problem(
                path,
                f"is {bind}, which is not a bind mode",
                allowed_keys=BINDS,
                suggestion="Write lan",
                rule="bind-unknown",
            )
        ]
    return []


def _option(words: list[str], name: str) -> str | None:
    """The last value of an option, written ``--x v`` or ``--x=v``."""
    value = None
    for index, word in enumerate(words):
        if word.startswith(f"{name}="):
            value = word.partition("=")[2]
        elif word == name:
            value = words[index + 1] if index + 1 < len(words) else ""
    return value
