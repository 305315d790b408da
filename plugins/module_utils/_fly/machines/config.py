# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From fly.toml to a machine's configuration, as `flyctl deploy` translates it.

Source: flyctl's appconfig/machines.go, service.go and processgroups.go (2026-08).
"""

from __future__ import annotations

import base64
import io
import shlex
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..._base.errors import CollectionError
from ..facts.guests import guest
from ..toml.definition import Definition, check_seconds, for_group, tables
from ..toml.durations import go

Config = dict[str, Any]
PLATFORM_VERSION = "v2"
_AUTOSTOP = {False: False, "off": False, True: True, "stop": True, "suspend": "suspend"}
_HOLD_COMMAND = ["/bin/sleep", "2147483647"]
HOLD_KEY = "ansible_hold"


def machine_config(
    definition: Definition, group: str, image: str, volume: str | None, base_dir: Path | None = None
) -> Config:
    """Translate for one process group; `volume` is the id to mount, `base_dir` where `local_path` starts.

    Only what fly.toml decides is in it; what it leaves alone (schedule, dns, ...) stays as the machine has it.
    """
    region = definition.get("primary_region")
    config: Config = {
        "image": image,
        "env": {
            **{key: _text(value) for key, value in (definition.get("env") or {}).items()},
            "FLY_PROCESS_GROUP": group,
            **({"PRIMARY_REGION": region} if region else {}),
        },
        "init": _init(definition, group),
        "services": _services(definition, group),
        "checks": _checks(definition, group),
        "mounts": _mounts(definition, group, volume),
        "files": _files(definition, group, base_dir),
        "statics": tables(definition.get("statics")),
        "metadata": {"fly_platform_version": PLATFORM_VERSION, "fly_process_group": group},
    }
    if vm := _vm(definition, group):
        config["guest"] = guest({"host_dedication_id": definition.get("host_dedication_id"), **vm})
    restarts = [entry for entry in tables(definition.get("restart")) if for_group(definition, entry, group)]
    if restarts:
        config["restart"] = _restart(restarts[-1])
    metrics = [entry for entry in tables(definition.get("metrics")) if for_group(definition, entry, group)]
    if metrics:
        config["metrics"] = {key: metrics[0][key] for key in ("port", "path", "https") if key in metrics[0]}
    stop: Config = {}
    if definition.get("kill_timeout"):
        stop["timeout"] = go(definition["kill_timeout"], "kill_timeout")
    if definition.get("kill_signal"):
        stop["signal"] = definition["kill_signal"]
    if stop:
        config["stop_config"] = stop
    return config


def hold(config: Config) -> Config:
    """The same machine, kept up without its process: for work on the volume before the process may start.

    A gateway that starts without a good config exits, is restarted ten times and is then stopped, and nobody can
    get in any more; a machine on hold can always be reached by exec and serves nothing.
    """
    return {
        **config,
        "init": {"exec": list(_HOLD_COMMAND)},
        "services": [],
        "checks": {},
        "restart": {"policy": "always"},
        "stop_config": {"timeout": "5s"},
        "metadata": {**config["metadata"], HOLD_KEY: "true"},
    }


def is_held(config: Config) -> bool:
    return (config.get("metadata") or {}).get(HOLD_KEY) == "true"


def _text(value: Any) -> str:
    """A value of [env] or of a header as Go prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return str(value)
    number = Decimal(repr(value))
    exponent = number.adjusted()
    if value and not -4 <= exponent < 6:
        return f"{number.scaleb(-exponent).normalize():f}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"
    return f"{number.normalize():f}"


def _words(command: str) -> list[str]:
    """Split as flyctl does: as a shell, where a comment begins only at the begin of a word."""
    stream = io.StringIO(command)
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    begin = 0
    while (word := lexer.get_token()) is not None:
        raw = command[begin:].lstrip()
        if raw.startswith("#"):
            return [*words, *_words(raw.partition("\n")[2])]
        words.append(word)
        begin = stream.tell()
    return words


def _vm(definition: Definition, group: str) -> Config | None:
    """The [[vm]] of a group: the last that names it, else the first for all."""
    vms = tables(definition.get("vm"))
    named = [vm for vm in vms if group in (vm.get("processes") or [])]
    general = [vm for vm in vms if not vm.get("processes")]
    return named[-1] if named else next(iter(general), None)


def _init(definition: Definition, group: str) -> Config:
    experimental = definition.get("experimental") or {}
    init: Config = {key: experimental[key] for key in ("exec", "entrypoint", "cmd") if experimental.get(key)}
    command = (definition.get("processes") or {}).get(group)
    if command:
        try:
            init["cmd"] = _words(command)
        except ValueError as error:
            raise CollectionError(
                "the process command cannot be split", where=f"processes.{group}", why=str(error)
            ) from error
    if definition.get("swap_size_mb"):
        init["swap_size_mb"] = definition["swap_size_mb"]
    return init


def _services(definition: Definition, group: str) -> list[Config]:
    services = []
    http = definition.get("http_service")
    if http and for_group(definition, http, group):
        http_port: Config = {"port": 80, "handlers": ["http"], "force_https": bool(http.get("force_https"))}
        https_port: Config = {"port": 443, "handlers": ["http", "tls"]}
        for options in ("http_options", "tls_options"):
            if http.get(options):
                https_port[options] = http[options]
                if options == "http_options":
                    http_port[options] = http[options]
        service = {**_service(http), "protocol": "tcp", "ports": [http_port, https_port]}
        checks = [{"type": "http", **_check(check)} for check in tables(http.get("checks"))]
        services.append({**service, **({"checks": checks} if checks else {})})
    for entry in tables(definition.get("services")):
        if not for_group(definition, entry, group):
            continue
        checks = [{"type": "tcp", **_check(check)} for check in tables(entry.get("tcp_checks"))]
        checks += [{"type": "http", **_check(check)} for check in tables(entry.get("http_checks"))]
        service = {
            **_service(entry),
            "protocol": entry.get("protocol", "tcp"),
            "ports": tables(entry.get("ports")),
        }
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
            check[key] = go(check_seconds(entry[key], key), key)
    if entry.get("headers"):
        check["headers"] = [{"name": name, "values": [_text(value)]} for name, value in entry["headers"].items()]
    return check


def _checks(definition: Definition, group: str) -> Config:
    http_port = (definition.get("http_service") or {}).get("internal_port")
    checks = {}
    for name, entry in (definition.get("checks") or {}).items():
        if for_group(definition, entry, group):
            check = {**({"port": http_port} if http_port else {}), **_check(entry)}
            checks[name] = {**check, "method": check["method"].upper()} if "method" in check else check
    return checks


def mount_of(definition: Definition, group: str) -> dict[str, Any] | None:
    """The [mounts] table of a process group, if it has one."""
    return next((mount for mount in tables(definition.get("mounts")) if for_group(definition, mount, group)), None)


def _mounts(definition: Definition, group: str, volume: str | None) -> list[Config]:
    mount = mount_of(definition, group)
    if mount is None:
        return []
    result: Config = {"name": mount["source"], "path": mount["destination"]}
    if volume:
        result["volume"] = volume
    for key, name in (
        ("auto_extend_size_threshold", "extend_threshold_percent"),
        ("auto_extend_size_increment", "add_size_gb"),
        ("auto_extend_size_limit", "size_gb_limit"),
    ):
        if mount.get(key):
            result[name] = int(str(mount[key]).lower().removesuffix("gb"))
    return [result]


def _files(definition: Definition, group: str, base_dir: Path | None) -> list[Config]:
    """Files that name no process are for all groups: so flyctl has it, other than with the rest."""
    files = []
    for entry in tables(definition.get("files")):
        if group not in (entry.get("processes") or [group]):
            continue
        file: Config = {"guest_path": entry["guest_path"]}
        if entry.get("secret_name"):
            file["secret_name"] = entry["secret_name"]
        elif entry.get("local_path"):
            path = (base_dir or Path()) / entry["local_path"]
            try:
                file["raw_value"] = base64.b64encode(path.read_bytes()).decode()
            except OSError as error:
                raise CollectionError(
                    "the file cannot be read", where=f"files.local_path {path}", why=str(error)
                ) from error
        else:
            file["raw_value"] = base64.b64encode(str(entry.get("raw_value", "")).encode()).decode()
        files.append(file)
    return files


def _restart(entry: dict[str, Any]) -> Config:
    policy = {"never": "no"}.get(entry["policy"], entry["policy"])
    return {"policy": policy, **({"max_retries": entry["retries"]} if entry.get("retries") else {})}
