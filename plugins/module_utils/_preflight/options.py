# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the two preflight modules, and the declaration that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._base.secret_recognition import find_secrets
from .._fly.client.api import MachinesApi
from .._openclaw.errors import InvalidValue
from .._openclaw.problems import Problem
from .._openclaw.releases import DEFAULT_RELEASE, Release
from .declaration import App, Declaration, Gateway, Platform, Variables

VARIABLE_OPTIONS: dict[str, Any] = {
    "unknown_variables": {"type": "list", "elements": "str", "default": []},
    "own_variables": {"type": "list", "elements": "str", "default": []},
    "wrong_variables": {"type": "list", "elements": "dict", "default": []},
    "playbook_variables": {"type": "dict", "default": {}},
}
"""Documented in the doc fragment `openclaw.fly.preflight.variables`."""
TIMES = ("kill_timeout", "check_grace_period", "check_interval", "check_timeout")
EXPOSURES = ["public", "private", "sealed"]
APP_OPTIONS: dict[str, Any] = {
    **VARIABLE_OPTIONS,
    "app": {"type": "str", "required": True},
    "org": {"type": "str"},
    "image": {"type": "str"},
    "region": {"type": "str"},
    "fallback_regions": {"type": "list", "elements": "str", "default": []},
    "port": {"type": "int"},
    "vm_size": {"type": "str"},
    "vm_memory": {"type": "str"},
    "volume_name": {"type": "str"},
    "volume_size_gb": {"type": "int"},
    "snapshot_retention": {"type": "int"},
    "env": {"type": "dict", "default": {}},
    "public_env": {"type": "list", "elements": "str", "default": []},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "secrets_exact": {"type": "bool", "default": False, "no_log": False},
    "certificates": {"type": "list", "elements": "str", "default": []},
    "exposure": {"type": "str", "choices": EXPOSURES, "default": "public"},
    "allow_public": {"type": "bool", "default": False},
    "files": {"type": "list", "elements": "path", "default": []},
    **{name: {"type": "raw"} for name in TIMES},
    "image_programs": {"type": "list", "elements": "dict", "default": []},
    "image_signal": {"type": "dict", "default": {}},
    "build": {"type": "dict", "default": {}},
    "flyctl": {"type": "str"},
    "sharing": {"type": "list", "elements": "str", "default": []},
}
"""Documented in the doc fragment `openclaw.fly.preflight`."""
GATEWAY_OPTIONS: dict[str, Any] = {
    "release": {"type": "str", "required": True},
    "command": {"type": "str", "required": True},
    "internal_port": {"type": "int"},
    "memory_floor_mb": {"type": "int", "default": 1024},
    "heap_mb": {"type": "int"},
    "volume_path": {"type": "str"},
    "config_path": {"type": "str"},
    "config": {"type": "dict", "default": {}},
    "hostnames": {"type": "list", "elements": "str", "default": []},
    "https_port": {"type": "int", "default": 443},
    "tls_ca_file": {"type": "path"},
    "secret_names": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "gateway_token": {"type": "str", "no_log": True},
    "packages": {"type": "dict", "default": {}},
    "skills": {"type": "dict", "default": {}},
    "skills_dir": {"type": "path", "default": "."},
    "tunnels": {"type": "list", "elements": "dict", "default": []},
    "ownership": {"type": "str", "choices": ["merge", "exact", "readonly"], "default": "merge"},
    "migrate": {"type": "bool", "default": False},
    "waivers": {"type": "dict", "default": {}},
    "sources": {"type": "dict", "default": {}},
    "schema_cache": {"type": "path", "default": "~/.cache/openclaw-fly/schemas"},
    "retry_failed_release": {"type": "bool", "default": False},
}


def declared(params: dict[str, Any], api: MachinesApi, mask: Callable[[str], object]) -> Declaration:
    """What either module was given; the gateway's part where its options are. `mask` gets what looks like a secret."""
    for finding in (*find_secrets(params["env"]), *find_secrets(params["build"])):
        mask(finding.secret)
    gateway = _gateway(params) if "release" in params else None
    return Declaration(_app(params), Platform(api, params["app"]), declared_variables(params), gateway)


def declared_variables(params: dict[str, Any]) -> Variables:
    wrong = (Problem(**fields) for fields in params["wrong_variables"])
    return Variables(
        tuple(params["unknown_variables"]),
        frozenset(params["own_variables"]),
        tuple(params["playbook_variables"]),
        tuple(wrong),
    )


def _app(params: dict[str, Any]) -> App:
    regions = (params["region"], *params["fallback_regions"]) if params["region"] else ()
    return App(
        name=params["app"],
        org=params["org"],
        image=params["image"],
        regions=regions,
        port=params["port"],
        vm_size=params["vm_size"],
        vm_memory=params["vm_memory"],
        volume_name=params["volume_name"],
        volume_size_gb=params["volume_size_gb"],
        snapshot_retention=params["snapshot_retention"],
        env=params["env"],
        public_env=tuple(params["public_env"]),
        secrets=params["secrets"],
        secrets_exact=params["secrets_exact"],
        certificates=tuple(params["certificates"]),
        exposure=params["exposure"],
        allow_public=params["allow_public"],
        files=tuple(params["files"]),
        times={name: params[name] for name in TIMES if params[name] is not None},
        image_programs=tuple(params["image_programs"]),
        image_signal=params["image_signal"],
        build=params["build"],
        flyctl=params["flyctl"],
        sharing=tuple(params["sharing"]),
    )


def _gateway(params: dict[str, Any]) -> Gateway:
    return Gateway(
        release=_release(params["release"]),
        release_text=params["release"],
        command=params["command"],
        internal_port=params["internal_port"],
        config=params["config"],
        hostnames=tuple(params["hostnames"]),
        https_port=params["https_port"],
        ca_file=params["tls_ca_file"],
        secret_names=frozenset(params["secret_names"]) if params["secret_names"] else None,
        token=params["gateway_token"],
        packages=params["packages"],
        skills=params["skills"],
        skills_dir=params["skills_dir"],
        tunnels=tuple(params["tunnels"]),
        ownership=params["ownership"],
        migrate=params["migrate"],
        waivers={str(key): "" if value is None else str(value) for key, value in params["waivers"].items()},
        sources=params["sources"],
        schema_cache=params["schema_cache"],
        memory_floor_mb=params["memory_floor_mb"],
        heap_mb=params["heap_mb"],
        volume_path=params["volume_path"],
        config_path=params["config_path"],
        retry_failed_release=params["retry_failed_release"],
    )


def _release(text: str) -> Release:
    try:
        return Release.parse(text)
    except InvalidValue:
        return Release.parse(DEFAULT_RELEASE)
