# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From fly.toml to a machine's configuration, as `flyctl deploy` translates it.

Source: flyctl's appconfig/machines.go, service.go and processgroups.go (2026-08).
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from ..._base.errors import CollectionError
from ..facts.guests import guest
from ..facts.units import gigabytes
from ..toml.commands import text
from ..toml.definition import FlyToml
from ..toml.durations import go

Config = dict[str, Any]
PLATFORM_VERSION = "v2"
_AUTOSTOP = {False: False, "off": False, True: True, "stop": True, "suspend": "suspend"}
SLEEP = ["/bin/sleep", "2147483647"]
MAINTENANCE_KEY = "ansible_maintenance"


def machine_config(toml: FlyToml, group: str, image: str, volume: str | None) -> Config:
    """Translate for one process group; `volume` is the id to mount.

    Only what fly.toml decides is in it; what it leaves alone (schedule, dns, ...) stays as the machine has it.
    """
    config: Config = {
        "image": image,
        "env": {
            **toml.env,
            "FLY_PROCESS_GROUP": group,
            **({"PRIMARY_REGION": toml.region} if toml.region else {}),
        },
        "init": _init(toml, group),
        "services": _services(toml, group),
        "checks": _checks(toml, group),
        "mounts": _mounts(toml, group, volume),
        "files": [_file(entry, toml) for entry in toml.files],
        "statics": toml.data.get("statics") or [],
        "metadata": {"fly_platform_version": PLATFORM_VERSION, "fly_process_group": group},
    }
    if (vm := toml.vm(group)) is not None:
        config["guest"] = guest({"host_dedication_id": toml.data.get("host_dedication_id"), **vm})
    if restart := toml.restart(group):
        config["restart"] = _restart(restart)
    if metrics := toml.metrics(group):
        config["metrics"] = {key: metrics[key] for key in ("port", "path", "https") if key in metrics}
    if stop := _stop(toml):
        config["stop_config"] = stop
    return config


def for_maintenance(config: Config) -> Config:
    """The same machine, kept up without its process: for work on the volume before the process may start.

    A gateway that starts without a good config exits, is restarted ten times and is then stopped, and nobody can
    get in any more; a machine in maintenance can always be reached by exec and serves nothing.
    """
    return {
        **config,
        "init": {"exec": list(SLEEP)},
        "services": [],
        "checks": {},
        "restart": {"policy": "always"},
        "stop_config": {"timeout": "5s"},
        "metadata": {**config["metadata"], MAINTENANCE_KEY: "true"},
    }


def in_maintenance(config: Config) -> bool:
    return (config.get("metadata") or {}).get(MAINTENANCE_KEY) == "true"


def _stop(toml: FlyToml) -> Config:
    stop: Config = {}
    if toml.data.get("kill_timeout"):
        stop["timeout"] = go(toml.data["kill_timeout"], "kill_timeout")
    if toml.data.get("kill_signal"):
        stop["signal"] = toml.data["kill_signal"]
    return stop


def _init(toml: FlyToml, group: str) -> Config:
    experimental = toml.data.get("experimental") or {}
    init: Config = {key: experimental[key] for key in ("exec", "entrypoint", "cmd") if experimental.get(key)}
    if command := toml.command(group):
        init["cmd"] = command
    if toml.data.get("swap_size_mb"):
        init["swap_size_mb"] = toml.data["swap_size_mb"]
    return init


def _services(toml: FlyToml, group: str) -> list[Config]:
    services = []
    if http := toml.http_service(group):
        http_port: Config = {"port": 80, "handlers": ["http"], "force_https": bool(http.get("force_https"))}
        https_port: Config = {"port": 443, "handlers": ["http", "tls"]}
        for options in ("http_options", "tls_options"):
            if http.get(options):
                https_port[options] = http[options]
                if options == "http_options":
                    http_port[options] = http[options]
        service = {**_service(http), "protocol": "tcp", "ports": [http_port, https_port]}
        checks = [{"type": "http", **_check(check)} for check in http.get("checks") or []]
        services.append({**service, **({"checks": checks} if checks else {})})
    for entry in toml.services(group):
        checks = [{"type": "tcp", **_check(check)} for check in entry.get("tcp_checks") or []]
        checks += [{"type": "http", **_check(check)} for check in entry.get("http_checks") or []]
        service = {**_service(entry), "ports": entry.get("ports") or []}
        if entry.get("protocol"):
            service["protocol"] = entry["protocol"]
        services.append({**service, **({"checks": checks} if checks else {})})
    return services


def _service(entry: dict[str, Any]) -> Config:
    service: Config = {"internal_port": entry["internal_port"]}
    if "auto_stop_machines" in entry:
        service["autostop"] = _AUTOSTOP[entry["auto_stop_machines"]]
    if "auto_start_machines" in entry:
        service["autostart"] = bool(entry["auto_start_machines"])
    if "min_machines_running" in entry:
        service["min_machines_running"] = entry["min_machines_running"]
    if entry.get("concurrency"):
        service["concurrency"] = entry["concurrency"]
    return service


def _check(entry: dict[str, Any]) -> Config:
    check: Config = {}
    for key in ("port", "method", "path", "protocol", "tls_skip_verify", "tls_server_name", "type"):
        if key in entry:
            check[key] = entry[key]
    for key in ("interval", "timeout", "grace_period"):
        if key in entry:
            check[key] = go(entry[key], key)
    if entry.get("headers"):
        check["headers"] = [{"name": name, "values": [text(value)]} for name, value in entry["headers"].items()]
    return check


def _checks(toml: FlyToml, group: str) -> Config:
    checks = {}
    for name, entry in toml.checks(group).items():
        check = _check(entry)
        checks[name] = {**check, "method": check["method"].upper()} if "method" in check else check
    return checks


def _mounts(toml: FlyToml, group: str, volume: str | None) -> list[Config]:
    mount = toml.mount(group)
    if mount is None:
        return []
    result: Config = {"name": mount["source"], "path": mount["destination"]}
    if volume:
        result["volume"] = volume
    if mount.get("auto_extend_size_threshold"):
        result["extend_threshold_percent"] = mount["auto_extend_size_threshold"]
    for key, name in (("auto_extend_size_increment", "add_size_gb"), ("auto_extend_size_limit", "size_gb_limit")):
        if mount.get(key):
            result[name] = gigabytes(mount[key])
    return [result]


def _file(entry: dict[str, Any], toml: FlyToml) -> Config:
    """A file's content: of the three that may be given flyctl takes the local file first, then the secret."""
    file: Config = {"guest_path": entry["guest_path"]}
    if entry.get("local_path"):
        path = (toml.folder or Path()) / entry["local_path"]
        try:
            file["raw_value"] = base64.b64encode(path.read_bytes()).decode()
        except OSError as error:
            raise CollectionError(
                "the file cannot be read", where=f"files.local_path {path}", why=str(error)
            ) from error
    elif entry.get("secret_name"):
        file["secret_name"] = entry["secret_name"]
    else:
        file["raw_value"] = base64.b64encode(str(entry.get("raw_value", "")).encode()).decode()
    return file


def _restart(entry: dict[str, Any]) -> Config:
    policy = {"never": "no"}.get(entry["policy"], entry["policy"])
    return {"policy": policy, **({"max_retries": entry["retries"]} if entry.get("retries") else {})}
