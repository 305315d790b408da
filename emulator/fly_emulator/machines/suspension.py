"""Which machines Fly.io suspends: https://fly.io/docs/reference/suspend-resume, "Requirements"."""

from __future__ import annotations

from typing import Any

MOST_MEMORY_MB = 2048


def refusal(config: dict[str, Any], large: bool) -> str:
    """Why a machine of this config cannot be suspended, or "". `large`: whether its memory does not matter."""
    memory = config["guest"]["memory_mb"]
    if memory > MOST_MEMORY_MB and not large:
        return f"machines with more than {MOST_MEMORY_MB} MiB of memory cannot be suspended, this one has {memory}"
    if config["init"].get("swap_size_mb"):
        return "machines with swap cannot be suspended"
    return ""
