"""The command line: `gateway`, `config`, `devices`, `backup`, `--version`, as in the real CLI.

For tests, by environment: FEATHER_CRASH=<exit code> ends before it is ready, FEATHER_SLOW_START=<seconds> delays
listening and readiness by half of it each, FEATHER_EAT_MB=<n> fills that much memory once ready, FEATHER_BREAK=<words>
makes it unsafe: leak (tells strangers its version), open (asks for no token), origin (takes every origin), api (answers
the API to everybody), forwarding (believes the client's X-Forwarded-For).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from . import audit, backup, calls, devices, migration
from . import config as configuration
from .config import Invalid, Refused, config_path, state_dir

USAGE = (
    "the stand-in has no such command; it knows gateway, config validate|schema|file, devices list|approve, "
    "backup create|restore, security audit"
)


def main(argv: list[str], version: str) -> int:
    if argv[:1] in (["--version"], ["-V"], ["version"]):
        print(f"OpenClaw {version} (featherweight)")
        return 0
    command, rest = argv[:2], argv[2:]
    if argv[:1] == ["gateway"] and not (len(argv) > 1 and not argv[1].startswith("-") and argv[1] != "run"):
        return _gateway(argv[1:], version)
    if argv == ["migrate-config"]:
        return migration.run()
    if argv[:1] == ["call-gateway"]:
        return calls.run(argv[1])
    if argv[:1] == ["probe-gateway"]:
        return calls.probe(argv[1])
    if command == ["doctor", "--lint"]:
        return _print({"schemaVersion": 1, "ok": True, "checksRun": 0, "checksSkipped": 0, "findings": []})
    if command == ["config", "validate"]:
        return _validate("--json" in rest)
    if command == ["config", "schema"]:
        print(json.dumps(configuration.schema()))
        return 0
    if command == ["config", "file"]:
        print(config_path())
        return 0
    if command == ["backup", "create"]:
        return _print(backup.create(_option(rest, "--output") or "", version))
    if command == ["backup", "restore"]:
        return _print(backup.restore(rest[0], _option(rest, "--target") or ""))
    if command == ["security", "audit"]:
        return _print(audit.report())
    if command == ["devices", "list"]:
        return _print(devices.read())
    if command == ["devices", "approve"]:
        return _approve(rest)
    print(f"error: {' '.join(command) or 'no command'}: {USAGE}", file=sys.stderr)
    return 1


def _gateway(options: list[str], version: str) -> int:
    from .server import Gateway

    try:
        host_option, port_option = _option(options, "--bind"), _option(options, "--port")
        _say(f"[gateway] featherweight stand-in for OpenClaw {version}: this is not the real gateway")
        _say("[gateway] loading configuration…")
        path = config_path()
        config = _load_for_start(allow_missing="--allow-unconfigured" in options)
        _say("[gateway] resolving authentication…")
        host = configuration.bind_host(host_option, config)
        port = configuration.port(port_option, config)
        auth = configuration.auth(config, loopback=host == "127.0.0.1")
        state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        _say("[gateway] starting...")
    except Refused as refused:
        _say("\n".join(refused.lines))
        return refused.code
    except OSError as error:
        _say(f"Gateway failed to start: {error.strerror}: {error.filename}")
        return 1
    if os.environ.get("FEATHER_CRASH"):
        _say("[gateway] crashing because FEATHER_CRASH is set")
        return int(os.environ["FEATHER_CRASH"])
    gateway = Gateway(version, config, path, auth, port)
    return gateway.serve(host, float(os.environ.get("FEATHER_SLOW_START", "0")))


def _load_for_start(allow_missing: bool) -> dict[str, Any]:
    path = config_path()
    try:
        return configuration.load(path)
    except FileNotFoundError:
        if allow_missing:
            return {}
        raise Refused(
            78, "Missing config. Run openclaw setup or set gateway.mode=local (or pass --allow-unconfigured)."
        ) from None
    except PermissionError:
        raise Refused(
            1,
            f"read failed: Error: EACCES: permission denied, open '{path}'",
            "Config file is not readable by the current process. If running in a container or 1-click deployment, "
            f'fix ownership with: chown {os.getuid()} "{path}"',
        ) from None
    except Invalid as invalid:
        raise Refused(
            78,
            f"Gateway failed to start: Invalid config at {path}:",
            *(f"{place}: {message}" for place, message in invalid.issues),
            'Run "openclaw doctor --fix" to repair, then retry.',
        ) from None


def _validate(as_json: bool) -> int:
    path = config_path()
    problems: list[tuple[str, str]] = []
    try:
        configuration.load(path)
    except Invalid as invalid:
        problems = invalid.issues
    except OSError as error:
        problems = [("<root>", f"{error.strerror}: {path}")]
    if as_json:
        issues = [{"path": place, "message": message} for place, message in problems]
        _print({"valid": not problems, "path": str(path), "issues": issues, "warnings": []})
    else:
        for place, message in problems:
            print(f"{place}: {message}")
        print(f"Config {'invalid' if problems else 'valid'}: {path}")
    return 1 if problems else 0


def _approve(rest: list[str]) -> int:
    wanted = [word for word in rest if not word.startswith("--")]
    if not wanted:
        _print({"ok": False, "error": {"type": "usage", "message": "approve needs an exact request id"}})
        return 1
    approved = devices.approve(wanted[0])
    if approved is None:
        _print({"ok": False, "error": {"type": "not_found", "message": f"unknown requestId {wanted[0]}"}})
        return 1
    return _print(approved)


def _option(options: list[str], name: str) -> str | None:
    for place, option in enumerate(options):
        if option == name and place + 1 < len(options):
            return options[place + 1]
        if option.startswith(f"{name}="):
            return option.partition("=")[2]
    return None


def _print(value: object) -> int:
    print(json.dumps(value))
    return 0


def _say(line: str) -> None:
    from datetime import UTC, datetime

    sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}\n")
    sys.stdout.flush()
