# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one schema of fly.toml, as data: what may stand where, in today's spelling.

A JSON Schema (2020-12) of what `normal.normalized` returns. `description` completes "must be ..."; a key that is not
listed is unknown. Source: flyctl's appconfig/config.go and fly-go's machine_types.go (August 2026).
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _table(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": "a table",
        "properties": {name.replace("__", "-"): schema for name, schema in properties.items()},
        "additionalProperties": False,
    }


def _tables(item: Schema, **more: object) -> Schema:
    return {"type": "array", "description": "a list of tables", "items": item, **more}


def _text(description: str = "text", **more: object) -> Schema:
    return {"type": "string", "description": description, **more}


def _choice(*values: object) -> Schema:
    *most, last = [str(value) for value in values if not isinstance(value, bool)]
    return {"enum": list(values), "description": f"{', '.join(most)} or {last}"}


def _whole(low: int | None = None, high: int | None = None, description: str = "a whole number") -> Schema:
    limits = {"minimum": low, "maximum": high}
    return {"type": "integer", "description": description, **{k: v for k, v in limits.items() if v is not None}}


_TEXT = _text()
_FLAG: Schema = {"type": "boolean", "description": "true or false"}
_TEXTS: Schema = {"type": "array", "description": "a list of texts", "items": _TEXT}
_ANY: Schema = {"type": "object", "description": "a table"}
_PLAIN: Schema = {"type": ["string", "number", "boolean"], "description": "text, a number, true or false"}
_PLAINS: Schema = {"type": "object", "description": "a table", "additionalProperties": _PLAIN}
_TIME = _text(
    "a time with a unit, such as 15s or 1m30s",
    pattern=r"^[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$",
)
_PORT = _whole(1, 65535, "a port from 1 to 65535")
_SIZE = _text("a size in quotes, such as 10gb")
_MEMORY: Schema = {"type": ["string", "integer"], "description": "an amount, such as 1gb"}
_AUTO_STOP = _choice("off", "stop", "suspend", True, False)

_GUEST: dict[str, Schema] = {
    "size": _TEXT,
    "memory": _MEMORY,
    "cpus": _whole(0),
    "cpu_kind": _TEXT,
    "memory_mb": _whole(0),
    "max_memory_mb": _whole(0),
    "gpus": _whole(0),
    "gpu_kind": _TEXT,
    "host_dedication_id": _TEXT,
    "kernel_args": _TEXTS,
    "persist_rootfs": _choice("never", "always", "restart"),
}
_TIMES: dict[str, Schema] = {"interval": _TIME, "timeout": _TIME, "grace_period": _TIME}
_REQUEST: dict[str, Schema] = {
    "method": _TEXT,
    "path": _TEXT,
    "protocol": _choice("http", "https"),
    "tls_skip_verify": _FLAG,
    "tls_server_name": _TEXT,
}
_HEADERS_AS_TEXT: Schema = {"type": "object", "description": "a table", "additionalProperties": _TEXT}
_TCP_CHECK = _table(**_TIMES)
_HTTP_CHECK = _table(**_TIMES, **_REQUEST, headers=_PLAINS)
_CHECK = {
    **_table(**_TIMES, **_REQUEST, headers=_PLAINS, port=_PORT, type=_choice("http", "tcp"), processes=_TEXTS),
    "required": ["type"],
}
_MACHINE_CHECK = _table(command=_TEXTS, image=_TEXT, entrypoint=_TEXTS, kill_signal=_TEXT, kill_timeout=_TIME)
_TLS_OPTIONS = _table(alpn=_TEXTS, versions=_TEXTS, default_self_signed=_FLAG)
_HTTP_OPTIONS = _table(
    compress=_FLAG,
    response=_table(headers=_ANY, pristine=_FLAG),
    h2_backend=_FLAG,
    idle_timeout=_whole(0),
    headers_read_timeout=_whole(0),
    replay_cache=_tables(_table(path_prefix=_TEXT, ttl_seconds=_whole(), type=_TEXT, name=_TEXT, allow_bypass=_FLAG)),
)
_CONCURRENCY = _table(type=_TEXT, hard_limit=_whole(0), soft_limit=_whole(0))
_SERVICE: dict[str, Schema] = {
    "internal_port": _PORT,
    "auto_stop_machines": _AUTO_STOP,
    "auto_start_machines": _FLAG,
    "min_machines_running": _whole(0),
    "processes": _TEXTS,
    "concurrency": _CONCURRENCY,
    "machine_checks": _tables(_MACHINE_CHECK),
}
_SERVICE_PORT = _table(
    port=_PORT,
    start_port=_PORT,
    end_port=_PORT,
    handlers=_TEXTS,
    force_https=_FLAG,
    tls_options=_TLS_OPTIONS,
    http_options=_HTTP_OPTIONS,
    proxy_proto_options=_table(version=_TEXT),
)

SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_table(
        app=_TEXT,
        primary_region=_TEXT,
        kill_signal=_TEXT,
        kill_timeout=_TIME,
        swap_size_mb=_whole(0),
        console_command=_TEXT,
        host_dedication_id=_TEXT,
        experimental={
            "type": "object",
            "description": "a table",
            "properties": {"cmd": _TEXTS, "entrypoint": _TEXTS, "exec": _TEXTS},
        },
        build=_table(
            builder=_TEXT,
            args={"type": "object", "description": "a table", "additionalProperties": _TEXT},
            buildpacks=_TEXTS,
            image=_TEXT,
            settings=_ANY,
            builtin=_TEXT,
            dockerfile=_TEXT,
            ignorefile=_TEXT,
            build__target=_TEXT,
            compose=_table(file=_TEXT),
            compression=_choice("gzip", "zstd"),
            compression_level=_whole(0, 9, "a whole number from 0 to 9"),
        ),
        deploy=_table(
            strategy=_choice("canary", "rolling", "immediate", "bluegreen"),
            max_unavailable={"type": "number", "description": "a number", "minimum": 0},
            wait_timeout=_TIME,
            release_command=_TEXT,
            release_command_timeout=_TIME,
            release_command_vm=_table(**_GUEST, processes=_TEXTS),
            seed_command=_TEXT,
        ),
        env=_PLAINS,
        processes={"type": "object", "description": "a table", "additionalProperties": _TEXT},
        mounts=_tables(
            {
                **_table(
                    source=_text("the name of a volume", minLength=1),
                    destination=_text("a path", minLength=1),
                    initial_size=_SIZE,
                    snapshot_retention=_whole(1, 60, "a number of days from 1 to 60"),
                    scheduled_snapshots=_FLAG,
                    auto_extend_size_threshold=_whole(0, None, "50 to 99 percent"),
                    auto_extend_size_increment=_SIZE,
                    auto_extend_size_limit=_SIZE,
                    processes=_TEXTS,
                ),
                "required": ["source", "destination"],
            }
        ),
        http_service={
            **_table(
                **_SERVICE,
                force_https=_FLAG,
                tls_options=_TLS_OPTIONS,
                http_options=_HTTP_OPTIONS,
                checks=_tables(_table(**_TIMES, **_REQUEST, headers=_HEADERS_AS_TEXT)),
            ),
            "required": ["internal_port"],
        },
        services=_tables(
            {
                **_table(
                    **_SERVICE,
                    protocol=_choice("tcp", "udp"),
                    ports=_tables(_SERVICE_PORT),
                    tcp_checks=_tables(_TCP_CHECK),
                    http_checks=_tables(_HTTP_CHECK),
                ),
                "required": ["internal_port"],
            }
        ),
        checks={"type": "object", "description": "a table", "additionalProperties": _CHECK},
        machine_checks=_tables(_MACHINE_CHECK),
        files=_tables(
            {
                **_table(
                    guest_path=_text("a path in the machine", minLength=1),
                    local_path=_TEXT,
                    secret_name=_TEXT,
                    raw_value=_TEXT,
                    processes=_TEXTS,
                ),
                "required": ["guest_path"],
            }
        ),
        restart=_tables(
            {
                **_table(policy=_choice("always", "never", "on-failure"), retries=_whole(0), processes=_TEXTS),
                "required": ["policy"],
            }
        ),
        vm=_tables(_table(**_GUEST, processes=_TEXTS)),
        statics=_tables(_table(guest_path=_TEXT, url_prefix=_TEXT, tigris_bucket=_TEXT, index_document=_TEXT)),
        metrics=_tables(_table(port=_PORT, path=_TEXT, https=_FLAG, processes=_TEXTS)),
    ),
}

ELSEWHERE: dict[str, str] = {
    "org": "the organization is not part of fly.toml: it is the option org of fly_app (fly_app_org)",
    "organization": "the organization is not part of fly.toml: it is the option org of fly_app (fly_app_org)",
    "region": "write primary_region",
    "regions": "write primary_region: an app's other regions are not part of fly.toml",
    "name": "write app",
    "app_name": "write app",
    "volume": "write [mounts], with source and destination",
    "volumes": "write [mounts], with source and destination",
    "image": "write it below [build]",
    "environment": "write [env]",
    "command": "write [processes], with app = the command",
    "cmd": "write [processes], with app = the command",
    "port": "write internal_port below [http_service]",
    "http": "write [http_service]",
    "service": "write [[services]] or [http_service]",
    "check": "write [checks.NAME]",
    "healthcheck": "write [[http_service.checks]] or [checks.NAME]",
    "health_checks": "write [[http_service.checks]] or [checks.NAME]",
    "secrets": "secrets are not part of fly.toml: set them with fly_secrets (fly_app_secrets)",
    "certificates": "certificates are not part of fly.toml: order them with fly_certificate (fly_app_hostnames)",
    "ips": "addresses are not part of fly.toml: allocate them with fly_ips",
    "count": "the number of machines is not part of fly.toml",
    "scale": "the number of machines is not part of fly.toml; their size is [[vm]]",
    "guest": "write [[vm]]",
    "size": "write it below [[vm]]",
    "machine_config": "machines of several containers are not supported: deploy this file with flyctl",
    "container": "machines of several containers are not supported: deploy this file with flyctl",
    "mounts.name": "write source",
    "mounts.path": "write destination",
    "mounts.size": "write initial_size",
    "mounts.size_gb": "write initial_size",
    "http_service.port": "write internal_port",
    "http_service.ports": "http_service publishes 80 and 443; for other ports write [[services]]",
    "http_service.http_checks": "write checks",
    "services.port": "write internal_port, and what is published as [[services.ports]]",
    "services.checks": "write tcp_checks or http_checks",
    "services.force_https": "write it below [[services.ports]]",
    "restart.max_retries": "write retries",
    "deploy.release_command_compute": "write release_command_vm",
    "vm.ram": "write memory",
    "vm.cpu": "write cpus",
}
"""What to write instead of a key that people expect somewhere; keys of a section as `section.key`."""
