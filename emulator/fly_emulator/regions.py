"""Fly's regions, from the data file."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from .errors import invalid


@cache
def regions() -> dict[str, dict[str, Any]]:
    """Fly's regions by code."""
    text = resources.files("fly_emulator.data").joinpath("regions.json").read_text(encoding="utf-8")
    return {region["code"]: region for region in json.loads(text)["regions"]}


def require_region(code: Any) -> str:
    """Return the code if machines can be placed there; raises PlatformError."""
    if code not in regions() or regions()[code]["deprecated"]:
        raise invalid(f"region {code!r} not found")
    return str(code)
