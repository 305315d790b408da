"""A machine's configuration: what is accepted, how it reads back, and what it means for a process."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .. import durations
from ..errors import invalid, not_implemented
from ..images.base import Image
from ..runtime.base import GuestFile
from . import guest

KNOWN = (
    "image",
    "env",
    "init",
    "guest",
    "metadata",
    "mounts",
    "services",
    "checks",
    "statics",
    "files",
    "schedule",
    "auto_destroy",
    "restart",
    "dns",
    "processes",
    "standbys",
    "stop_config",
    "containers",
    "volumes",
    "rootfs",
    "cache_drive",
    "metrics",
    "size",
    "disable_machine_autostart",
)
OBJECTS = ("env", "init", "guest", "metadata", "checks", "restart", "dns", "stop_config", "rootfs", "metrics")
LISTS = ("mounts", "services", "statics", "files", "processes", "standbys", "containers", "volumes")
NOT_IMPLEMENTED = ("containers", "schedule", "volumes", "cache_drive")
POLICIES = ("no", "always", "on-failure", "spot-price")
STOP_SIGNALS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM")
AUTOSTOP = {"off": False, "stop": True, "suspend": "suspend", False: False, True: True, None: False}
MAX_STOP_TIMEOUT = 300.0
DEFAULT_STOP_TIMEOUT = 5.0


def accept(sent: Any) -> dict[str, Any]:
    """Return the config as stored, unknown keys dropped as Fly does; raises PlatformError."""
    if not isinstance(sent, dict):
        raise invalid("config is required and must be an object")
    config = {key: value for key, value in sent.items() if key in KNOWN and value is not None}
    if not isinstance(config.get("image"), str) or not config["image"]:
        raise invalid("config.image is required")
    for key in OBJECTS:
        if not isinstance(config.get(key, {}), dict):
            raise invalid(f"config.{key} must be an object")
    for key in LISTS:
        if not isinstance(config.get(key, []), list):
            raise invalid(f"config.{key} must be an array")
    for key in NOT_IMPLEMENTED:
        if config.get(key):
            raise not_implemented(f"config.{key}")
    for key in ("env", "metadata"):
        for name, value in config.get(key, {}).items():
            if not isinstance(value, str):
                raise invalid(f"config.{key}.{name} must be a string")
    config["guest"] = guest.normalise(config)
    config.pop("size", None)
    config.setdefault("init", {})
    config.setdefault("restart", {})
    _accept_processes(config)
    _accept_restart(config["restart"])
    _accept_stop(config.get("stop_config", {}))
    _accept_mounts(config.get("mounts", []))
    for service in config.get("services", []):
        _accept_service(service)
    for name, check in config.get("checks", {}).items():
        _accept_check(f"checks.{name}", check)
    for static in config.get("statics", []):
        _accept_static(static)
    for file in config.get("files", []):
        _accept_file(file)
    return config


def _accept_processes(config: dict[str, Any]) -> None:
    if len(config.get("processes", [])) > 1:
        raise not_implemented("config.processes with more than one process")
    for source in (config["init"], *config.get("processes", [])):
        for key in ("exec", "entrypoint", "cmd"):
            words = source.get(key) or []
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise invalid(f"config.init.{key} must be an array of strings")
    for process in config.get("processes", []):
        for key in ("env_from", "secrets", "user"):
            if process.get(key):
                raise not_implemented(f"config.processes.{key}")


def _accept_restart(restart: dict[str, Any]) -> None:
    if restart.get("policy") not in (None, "", *POLICIES):
        raise invalid(f"config.restart.policy must be one of {', '.join(POLICIES)}")
    if restart.get("policy") == "spot-price":
        raise not_implemented("config.restart.policy spot-price")


def _accept_stop(stop: dict[str, Any]) -> None:
    if stop.get("signal") not in (None, "", *STOP_SIGNALS):
        raise invalid(f"config.stop_config.signal must be one of {', '.join(STOP_SIGNALS)}")
    if stop.get("timeout") is not None and seconds("stop_config.timeout", stop["timeout"]) > MAX_STOP_TIMEOUT:
        raise invalid("config.stop_config.timeout must be at most 5m0s")


def _accept_mounts(mounts: list[Any]) -> None:
    if len(mounts) > 1:
        raise invalid("machine config can only have one mount")
    for mount in mounts:
        if not isinstance(mount, dict) or not str(mount.get("path", "")).startswith("/"):
            raise invalid("config.mounts.path must be an absolute path")
        if mount["path"].rstrip("/") == "":
            raise invalid("config.mounts.path must not be /")
        if not mount.get("volume"):
            raise invalid("config.mounts.volume is required")


def _port(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise invalid(f"config.{name} must be a port from 1 to 65535, not {value!r}")


def _accept_service(service: Any) -> None:
    if not isinstance(service, dict):
        raise invalid("config.services must hold objects")
    if service.setdefault("protocol", "tcp") not in ("tcp", "udp"):
        raise invalid("config.services.protocol must be tcp or udp")
    _port("services.internal_port", service.get("internal_port"))
    if service.get("autostop") not in AUTOSTOP:
        raise invalid("config.services.autostop must be off, stop or suspend")
    for port in service.get("ports") or []:
        for key in ("port", "start_port", "end_port"):
            if key in port:
                _port(f"services.ports.{key}", port[key])
    for check in service.get("checks") or []:
        _accept_check("services.checks", check)


def _accept_check(name: str, check: Any) -> None:
    if not isinstance(check, dict):
        raise invalid(f"config.{name} must be an object")
    if check.get("type") not in ("http", "tcp"):
        raise invalid(f"config.{name}.type must be http or tcp")
    if check.get("port") is not None:
        _port(f"{name}.port", check["port"])
    for key in ("interval", "timeout", "grace_period"):
        if check.get(key) is not None:
            seconds(f"{name}.{key}", check[key])


def _accept_static(static: Any) -> None:
    for key in ("guest_path", "url_prefix"):
        if not isinstance(static, dict) or not str(static.get(key, "")).startswith("/"):
            raise invalid(f"config.statics.{key} must be an absolute path")
    if static.get("tigris_bucket"):
        raise not_implemented("config.statics.tigris_bucket")


def _accept_file(file: Any) -> None:
    if not isinstance(file, dict) or not str(file.get("guest_path", "")).startswith("/"):
        raise invalid("config.files.guest_path must be an absolute path")
    if file.get("image_config"):
        raise not_implemented("config.files.image_config")
    if bool(file.get("raw_value") is not None) == bool(file.get("secret_name")):
        raise invalid(f"config.files {file['guest_path']}: give raw_value or secret_name")
    if file.get("raw_value") is not None:
        _decoded(file["guest_path"], file["raw_value"])


def seconds(name: str, value: Any) -> float:
    try:
        return durations.parse(value)
    except ValueError as error:
        raise invalid(f"config.{name}: {error}") from error


def _decoded(path: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid(f"config.files {path}: the value is not base64") from error


def as_read(config: dict[str, Any]) -> dict[str, Any]:
    """The config as the API gives it back: autostop off reads as false, stop as true."""
    if not config.get("services"):
        return config
    services = [
        {**service, "autostop": AUTOSTOP[service["autostop"]]} if "autostop" in service else service
        for service in config["services"]
    ]
    return {**config, "services": services}


def argv(config: dict[str, Any], image: Image) -> tuple[str, ...]:
    """exec replaces all; entrypoint and cmd replace the image's, each on its own."""
    process = (config.get("processes") or [{}])[0]

    def given(key: str) -> list[str] | None:
        return process.get(key) or config["init"].get(key) or None

    if words := given("exec"):
        return tuple(words)
    return (*(given("entrypoint") or image.entrypoint), *(given("cmd") or image.cmd))


def ports(config: dict[str, Any]) -> tuple[int, ...]:
    """The internal ports of services and checks."""
    found = {service["internal_port"] for service in config.get("services", [])}
    found |= {
        check["port"]
        for service in config.get("services", [])
        for check in service.get("checks") or []
        if check.get("port")
    }
    found |= {check["port"] for check in config.get("checks", {}).values() if check.get("port")}
    return tuple(sorted(found))


def files(config: dict[str, Any], secrets: dict[str, str]) -> tuple[GuestFile, ...]:
    """The files to write at start; a secret that is missing or not base64 raises PlatformError."""
    written = []
    for file in config.get("files", []):
        name = file.get("secret_name")
        if name and name not in secrets:
            raise invalid(f"config.files {file['guest_path']}: the app has no secret {name}")
        content = _decoded(file["guest_path"], secrets[name] if name else file["raw_value"])
        written.append(GuestFile(file["guest_path"], content, file.get("mode") or 0o644))
    return tuple(written)


def stop_timeout(config: dict[str, Any]) -> float:
    timeout = config.get("stop_config", {}).get("timeout")
    return durations.parse(timeout) if timeout else DEFAULT_STOP_TIMEOUT


def stop_signal(config: dict[str, Any]) -> str:
    return config.get("stop_config", {}).get("signal") or "SIGINT"
