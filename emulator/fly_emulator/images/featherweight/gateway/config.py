"""openclaw.json: reading, what is refused, the token and the bind address."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT_KEYS = [
    "$schema",
    "accessGroups",
    "acp",
    "agents",
    "approvals",
    "attachments",
    "auth",
    "bindings",
    "broadcast",
    "browser",
    "channels",
    "cloudWorkers",
    "commands",
    "cron",
    "desktop",
    "diagnostics",
    "discovery",
    "env",
    "gateway",
    "hooks",
    "logging",
    "mcp",
    "memory",
    "messages",
    "meta",
    "models",
    "nodeHost",
    "plugins",
    "proxy",
    "secrets",
    "security",
    "session",
    "skills",
    "surfaces",
    "talk",
    "telemetry",
    "tools",
    "transcripts",
    "tts",
    "ui",
    "update",
    "wizard",
    "worktreeAcceleration",
    "worktreeRoot",
]
GATEWAY_KEYS = [
    "port",
    "mode",
    "bind",
    "customBindHost",
    "publicOrigin",
    "controlUi",
    "auth",
    "trustedProxies",
    "allowRealIpFallback",
    "tailscale",
    "reload",
    "tls",
    "http",
    "nodes",
    "terminal",
    "portals",
    "remote",
    "push",
]
BINDS = ("loopback", "lan", "tailnet", "auto", "custom")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Invalid(Exception):
    """The file is refused; `issues` are (path, message)."""

    def __init__(self, issues: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in issues))
        self.issues = issues


class Refused(Exception):
    """The gateway will not start: (exit code, lines)."""

    def __init__(self, code: int, *lines: str) -> None:
        super().__init__(lines[0])
        self.code = code
        self.lines = lines


def state_dir() -> Path:
    given = os.environ.get("OPENCLAW_STATE_DIR")
    return Path(given) if given else Path(os.environ.get("HOME", "/")) / ".openclaw"


def config_path() -> Path:
    return Path(os.environ.get("OPENCLAW_CONFIG_PATH") or state_dir() / "openclaw.json")


def load(path: Path) -> dict[str, Any]:
    """Parse and validate; raises Invalid, or OSError when it cannot be read."""
    text = path.read_text()
    try:
        config = json.loads(text)
    except ValueError:
        try:
            config = json.loads(_json_from_json5(text))
        except ValueError as error:
            where = f"{getattr(error, 'lineno', 1)}:{getattr(error, 'colno', 1)}"
            raise Invalid(
                [("<root>", f"JSON5 parse failed: SyntaxError: JSON5: invalid character at {where}")]
            ) from None
    problems = issues(config)
    if problems:
        raise Invalid(problems)
    valid: dict[str, Any] = config
    return valid


def issues(config: object) -> list[tuple[str, str]]:
    if not isinstance(config, dict):
        return [("<root>", "Invalid input: expected object")]
    found = [("<root>", f'Unrecognized key: "{key}"') for key in config if key not in ROOT_KEYS]
    gateway = config.get("gateway", {})
    if not isinstance(gateway, dict):
        return [*found, ("gateway", "Invalid input: expected object")]
    found += [("gateway", f'Unrecognized key: "{key}"') for key in gateway if key not in GATEWAY_KEYS]
    if gateway.get("bind", "auto") not in BINDS:
        found.append(("gateway.bind", "Invalid option: expected one of " + "|".join(BINDS)))
    port = gateway.get("port", 1)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        found.append(("gateway.port", "Invalid input: expected a port number"))
    for place, proxy in enumerate(gateway.get("trustedProxies", [])):
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            found.append((f"gateway.trustedProxies.{place}", "Invalid input: expected an IP address or CIDR"))
    return found


def schema() -> dict[str, Any]:
    """A small draft-07 schema of the same shape as the release's: strict root and gateway, the rest open."""
    anything: dict[str, Any] = {}
    gateway = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **dict.fromkeys(GATEWAY_KEYS, anything),
            "port": {"type": "integer", "minimum": 1, "maximum": 65535},
            "mode": {"type": "string", "enum": ["local", "remote"]},
            "bind": {"type": "string", "enum": list(BINDS)},
            "trustedProxies": {"type": "array", "items": {"type": "string"}},
        },
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "OpenClawConfig",
        "type": "object",
        "additionalProperties": False,
        "properties": {**dict.fromkeys(ROOT_KEYS, anything), "gateway": gateway},
    }


@dataclass(frozen=True)
class Auth:
    kind: str
    """"token" or "password"."""
    secret: str


def auth(config: dict[str, Any], loopback: bool) -> Auth:
    """The secret that clients must show; raises Refused as the release does."""
    wanted = config.get("gateway", {}).get("auth", {})
    kind = "password" if wanted.get("mode") == "password" else "token"
    given = wanted.get(kind)
    if isinstance(given, dict):
        value = os.environ.get(str(given.get("id")), "")
        if not value:
            raise Refused(
                1,
                f"[SECRETS_DEGRADED] cold gateway:ingress-auth: secret reference was not found: env {given.get('id')}",
                "Startup failed: required secrets are unavailable.",
            )
    elif isinstance(given, str) and (reference := re.fullmatch(r"\$\{([A-Z0-9_]+)\}", given)):
        value = os.environ.get(reference[1]) or secrets.token_hex(24)
    else:
        value = given or os.environ.get(f"OPENCLAW_GATEWAY_{kind.upper()}", "")
    if value.strip() in ("undefined", "null"):
        raise Refused(1, f"Invalid gateway {kind}: the placeholder {value.strip()!r} is rejected.")
    if wanted.get("mode") == "none" or not value.strip():
        if not loopback:
            raise Refused(
                78,
                "Refusing to bind gateway to lan without auth.",
                "Set OPENCLAW_GATEWAY_TOKEN or OPENCLAW_GATEWAY_PASSWORD, or pass --token/--password.",
            )
        value = secrets.token_hex(24)
    return Auth(kind, value)


def bind_host(option: str | None, config: dict[str, Any]) -> str:
    """The IPv4 address to listen on; the release has no IPv6 listener."""
    mode = option or config.get("gateway", {}).get("bind", "auto")
    if mode not in BINDS:
        raise Refused(1, 'Invalid --bind. Use "loopback","lan","tailnet","auto","custom".')
    if mode == "auto":
        mode = "lan" if os.environ.get("FLY_MACHINE_ID") and os.environ.get("FLY_APP_NAME") else "loopback"
    if mode == "custom":
        return str(config.get("gateway", {}).get("customBindHost", "127.0.0.1"))
    return "0.0.0.0" if mode == "lan" else "127.0.0.1"


def port(option: str | None, config: dict[str, Any]) -> int:
    if option is not None and not (option.isdigit() and 0 < int(option) < 65536):
        raise Refused(1, "Invalid --port. Use a port number between 1 and 65535.")
    return int(option or os.environ.get("OPENCLAW_GATEWAY_PORT") or config.get("gateway", {}).get("port", 18789))


def trusted_proxies(config: dict[str, Any]) -> list[Network]:
    return [ipaddress.ip_network(proxy, strict=False) for proxy in config.get("gateway", {}).get("trustedProxies", [])]


def _json_from_json5(text: str) -> str:
    """Comments, unquoted keys, single quotes and trailing commas: what people write in openclaw.json."""
    token = re.compile(
        r'(?P<string>"(?:[^"\\]|\\.)*")|\'(?P<single>(?:[^\'\\]|\\.)*)\'|(?P<comment>//[^\n]*|/\*.*?\*/)'
        r"|(?P<key>[A-Za-z_$][\w$]*)(?=\s*:)|(?P<comma>,)(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])",
        re.DOTALL,
    )

    def plain(found: re.Match[str]) -> str:
        if found["string"]:
            return found["string"]
        if found["single"] is not None:
            return json.dumps(found["single"].replace("\\'", "'"))
        return json.dumps(found["key"]) if found["key"] else ""

    return token.sub(plain, text)
