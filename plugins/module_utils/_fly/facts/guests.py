# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machine sizes: presets, limits and prices.

Source: flyctl's guest checks and Fly.io's price page of 2026-08-05; region multipliers of Fly's price calculator
(2024-10, iad, lhr, sjc and ams checked in 2026). A month is 30 days.
"""

from __future__ import annotations

import difflib
from typing import Any

from ..._base.errors import CollectionError
from .units import megabytes

SHARED_CPUS = (1, 2, 4, 6, 8)
PERFORMANCE_CPUS = (1, 2, 4, 6, 8, 10, 12, 14, 16, 32, 64, 128)
CPUS = {"shared": SHARED_CPUS, "performance": PERFORMANCE_CPUS}
MEMORY_STEP_MB = {"shared": 256, "performance": 1024}
MEMORY_MIN_MB = {"shared": 256, "performance": 2048}
MEMORY_MAX_MB = {"shared": 2048, "performance": 8192}
"""Per CPU."""

CPU_DOLLARS = {"shared": 0.695, "performance": 21.0}
MEMORY_GB_DOLLARS = 5.0
VOLUME_GB_DOLLARS = 0.15
DEDICATED_V4_DOLLARS = 2.0
REGION_FACTOR = {
    "iad": 1.0, "ewr": 1.0, "ams": 1.0385, "arn": 1.0385, "bom": 1.0769, "mad": 1.0962, "yul": 1.1154,
    "yyz": 1.1154, "lhr": 1.1346, "cdg": 1.1346, "fra": 1.1538, "sjc": 1.1923, "lax": 1.1995, "atl": 1.25,
    "bos": 1.25, "ord": 1.25, "dfw": 1.25, "den": 1.25, "mia": 1.25, "phx": 1.25, "sea": 1.25, "sin": 1.2692,
    "syd": 1.2692, "jnb": 1.3029, "nrt": 1.3077, "otp": 1.3269, "waw": 1.3269, "gdl": 1.351, "qro": 1.351,
    "hkg": 1.4038, "bog": 1.6154, "gig": 1.6154, "gru": 1.6154, "scl": 1.6971, "eze": 1.8582,
}  # fmt: skip

SIZES = {
    **{f"shared-cpu-{cpus}x": ("shared", cpus) for cpus in SHARED_CPUS},
    **{f"performance-{cpus}x": ("performance", cpus) for cpus in PERFORMANCE_CPUS},
}
"""fly-go's MachinePresets, but for the GPU ones."""


def memory_mb(value: Any, where: str = "memory") -> int:
    """Read "2048mb", "1.5gb" or 2048 as MB, as flyctl does."""
    amount = megabytes(value)
    if amount is None or amount <= 0:
        raise CollectionError(f"{value!r} is not an amount of memory", where=where, todo="Write it as 2048mb or 2gb")
    return amount


def guest(vm: dict[str, Any], where: str = "[[vm]]") -> dict[str, Any]:
    """Translate a [[vm]] table to a machine's guest, as flyctl's computeToGuest does, and judge it.

    First the preset (shared-cpu-1x without a size), then `memory`, then whatever else the table names.
    """
    size = str(vm.get("size") or "shared-cpu-1x")
    if size not in SIZES:
        names = ", ".join(f"shared-cpu-{n}x" for n in SHARED_CPUS)
        raise CollectionError(
            f"there is no machine size {size!r}",
            where=where,
            todo=f"Choose {names} or performance-1x to -128x ({_meant(size)})",
        )
    kind, cpus = SIZES[size]
    memory = memory_mb(vm["memory"], where) if vm.get("memory") else MEMORY_MIN_MB[kind] * cpus
    kind, cpus, memory = vm.get("cpu_kind") or kind, int(vm.get("cpus") or cpus), int(vm.get("memory_mb") or memory)
    _check(kind, cpus, memory, where)
    result: dict[str, Any] = {"cpu_kind": kind, "cpus": cpus, "memory_mb": memory}
    for key in ("max_memory_mb", "gpus", "gpu_kind", "host_dedication_id", "kernel_args", "persist_rootfs"):
        if vm.get(key):
            result[key] = vm[key]
    return result


def _meant(size: str) -> str:
    near = difflib.get_close_matches(size, SIZES, 1, 0.5)
    return f"did you mean {near[0]}?" if near else "GPU sizes are not offered any more"


def _check(kind: str, cpus: int, memory: int, where: str) -> None:
    if kind not in CPUS or cpus not in CPUS[kind]:
        allowed = CPUS.get(kind)
        raise CollectionError(
            f"{cpus} CPUs of kind {kind!r} are not available",
            where=where,
            todo=f"Choose from {allowed}" if allowed else "cpu_kind is shared or performance",
        )
    low, high, step = MEMORY_MIN_MB[kind] * cpus, MEMORY_MAX_MB[kind] * cpus, MEMORY_STEP_MB[kind]
    if not low <= memory <= high or memory % step:
        fitting = [n for n in CPUS[kind] if MEMORY_MIN_MB[kind] * n <= memory <= MEMORY_MAX_MB[kind] * n]
        todo = f"Choose {low} to {high} MB in steps of {step}"
        if fitting and memory % step == 0:
            prefix = "shared-cpu" if kind == "shared" else "performance"
            todo += f", or the size {prefix}-{fitting[0]}x for this memory"
        raise CollectionError(
            f"a machine with {cpus} {kind} CPU{'s' if cpus > 1 else ''} cannot have {memory} MB of memory",
            where=where,
            todo=todo,
        )


def monthly_dollars(machine: dict[str, Any], region: str, volume_gb: int, dedicated_v4: int) -> float | None:
    """What a machine that always runs costs in 30 days, without traffic; None for a region without a known price."""
    factor = REGION_FACTOR.get(region)
    if factor is None:
        return None
    cpu: float = CPU_DOLLARS[machine["cpu_kind"]] * machine["cpus"]
    memory: float = MEMORY_GB_DOLLARS * machine["memory_mb"] / 1024
    return (cpu + memory) * factor + VOLUME_GB_DOLLARS * volume_gb + DEDICATED_V4_DOLLARS * dedicated_v4


def sizes(region: str) -> list[dict[str, Any]]:
    """The preset sizes with their limits, and what each costs in a month in this region."""
    found = []
    for kind, prefix in (("shared", "shared-cpu"), ("performance", "performance")):
        for cpus in CPUS[kind]:
            machine = {"cpu_kind": kind, "cpus": cpus, "memory_mb": MEMORY_MIN_MB[kind] * cpus}
            price = monthly_dollars(machine, region, 0, 0)
            limits = {"max_memory_mb": MEMORY_MAX_MB[kind] * cpus, "memory_step_mb": MEMORY_STEP_MB[kind]}
            cost = {"monthly_dollars": None if price is None else round(price, 2)}
            found.append({"name": f"{prefix}-{cpus}x", **machine, **limits, **cost})
    return found


def prices() -> dict[str, float]:
    """What costs beside machines, in dollars a month."""
    return {
        "memory_gb": MEMORY_GB_DOLLARS,
        "volume_gb": VOLUME_GB_DOLLARS,
        "dedicated_v4": DEDICATED_V4_DOLLARS,
    }
