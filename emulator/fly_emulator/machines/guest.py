"""Guest sizes: Fly's presets and the limits of their CPUs and memory."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from ..errors import Unimplemented, invalid


@cache
def sizes() -> dict[str, Any]:
    """The data file of guest sizes."""
    text = resources.files("fly_emulator.data").joinpath("guests.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def normalise(config: dict[str, Any]) -> dict[str, Any]:
    """Return the full guest of a config: preset expanded, defaults filled in; raises PlatformError."""
    kinds, presets = sizes()["cpu_kinds"], sizes()["presets"]
    guest = config.get("guest") or {}
    if not isinstance(guest, dict):
        raise invalid("config.guest must be an object")
    size = config.get("size") or guest.get("size")
    if size and size not in presets:
        raise invalid(f"invalid machine size requested, '{size}' is not one of {', '.join(presets)}")
    if guest.get("gpus") or guest.get("gpu_kind"):
        raise Unimplemented("not implemented by the emulator: config.guest.gpus")
    preset = presets[size or sizes()["default"]]
    kind = guest.get("cpu_kind") or preset["cpu_kind"]
    if kind not in kinds:
        raise invalid(f"invalid config.guest.cpu_kind, '{kind}' is not one of {', '.join(kinds)}")
    limits = kinds[kind]
    cpus = guest.get("cpus") or (preset["cpus"] if kind == preset["cpu_kind"] else 1)
    if cpus not in limits["cpus"]:
        allowed = ", ".join(str(number) for number in limits["cpus"])
        raise invalid(f"invalid config.guest.cpus, {kind} machines may have {allowed} CPUs, not {cpus!r}")
    memory = guest.get("memory_mb") or (preset["memory_mb"] if not guest else limits["min_mb_per_cpu"] * cpus)
    low, high, step = limits["min_mb_per_cpu"] * cpus, limits["max_mb_per_cpu"] * cpus, limits["step_mb"]
    if isinstance(memory, bool) or not isinstance(memory, int):
        raise invalid("config.guest.memory_mb must be an integer")
    if memory < low:
        raise invalid(
            f"invalid config.guest.memory_mb, minimum required {low} MiB for {kind} with {cpus} CPUs, got {memory}"
        )
    if memory > high:
        raise invalid(
            f"invalid config.guest.memory_mb, cannot exceed {high} MiB for {kind} with {cpus} CPUs, got {memory}"
        )
    if memory % step:
        raise invalid(f"invalid config.guest.memory_mb, {memory} is not a multiple of {step} MiB for {kind}")
    return {
        **{key: value for key, value in guest.items() if key != "size" and value},
        "cpu_kind": kind,
        "cpus": cpus,
        "memory_mb": memory,
    }
