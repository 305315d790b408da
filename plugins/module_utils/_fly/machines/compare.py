# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what in a machine's configuration differs from what is wanted, past what the API fills in itself."""

from __future__ import annotations

from typing import Any

from ..toml.durations import seconds
from .config import MAINTENANCE_KEY

Config = dict[str, Any]
OWNED = (
    "image",
    "env",
    "init",
    "services",
    "checks",
    "mounts",
    "files",
    "statics",
    "guest",
    "restart",
    "metrics",
    "stop_config",
)
"""What a deploy decides; everything else in a machine's configuration is left as it is."""
_OPTIONAL = ("guest",)
"""Left as the machine has it when fly.toml does not say."""
_DEFAULT_RESTART: Config = {"policy": "on-failure", "max_retries": 10}
"""What the API fills in where no restart policy is given."""
_STANDBY_FOR = "FLY_STANDBY_FOR"
"""Says in a standby machine whose place it takes; flyctl sets it when it makes the machine."""
_ZERO: tuple[Any, ...] = (None, "", False, 0, [], {})
_DURATIONS = ("interval", "timeout", "grace_period")
_FILLED_BY_API = ("encrypted", "size_gb", "force_instance_key", "force_instance_description")


def desired(wanted: Config, actual: Config) -> Config:
    """Lay `wanted` over `actual`: the whole configuration to send, since an update replaces all of it."""
    result = {key: value for key, value in actual.items() if key not in OWNED or key in _OPTIONAL}
    result.update(wanted)
    stands_for = (actual.get("env") or {}).get(_STANDBY_FOR)
    if stands_for and actual.get("standbys"):
        result["env"] = {**wanted.get("env", {}), _STANDBY_FOR: stands_for}
    if is_image(wanted.get("image"), actual.get("image")):
        result["image"] = actual["image"]
    theirs = {k: v for k, v in (actual.get("metadata") or {}).items() if k != MAINTENANCE_KEY}
    result["metadata"] = {**theirs, **wanted.get("metadata", {})}
    return result


def differences(wanted: Config, actual: Config) -> tuple[Config, Config]:
    """Return (before, after) with only the parts that differ, by section; both empty when nothing does."""
    target = desired(wanted, actual)
    before: Config = {}
    after: Config = {}
    for key in (*OWNED, "metadata"):
        have, want = (_section(side, key) for side in (actual, target))
        if have != want:
            before[key], after[key] = _narrow(have, want)
    return before, after


def _section(config: Config, key: str) -> Any:
    """A section in canonical form; env and metadata count to the letter."""
    return config.get(key) or {} if key in ("env", "metadata") else normal(config.get(key), key) or None


def normal(value: Any, key: str = "") -> Any:
    """A canonical form: zero values left out, durations in seconds, lists of tables in place."""
    if isinstance(value, dict):
        pairs = {k: normal(v, k) for k, v in value.items() if k not in _FILLED_BY_API}
        pairs = {k: v for k, v in pairs.items() if v not in _ZERO}
        if "internal_port" in pairs:
            pairs.setdefault("protocol", "tcp")  # a service; flyctl sends none where fly.toml has none
        return {} if key == "restart" and pairs == _DEFAULT_RESTART else pairs
    if isinstance(value, list):
        items = [normal(item) for item in value]
        # flyctl sends them in no order.
        return sorted(items, key=lambda header: str(header.get("name"))) if key == "headers" else items
    if key in _DURATIONS and value:
        return f"{seconds(value):g}s"
    if key == "autostop":
        return {"off": False, "stop": True}.get(value, value) if isinstance(value, str) else value
    return value


def is_image(wanted: str | None, actual: str | None) -> bool:
    """Tell whether the machine has the wanted image, perhaps its tag with a digest: flyctl pins what it clones."""
    if not wanted or not actual:
        return False
    return actual == wanted or ("@" not in wanted and actual.startswith(f"{wanted}@"))


def _narrow(before: Any, after: Any) -> tuple[Any, Any]:
    """Keep of two tables only the keys that differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        pairs = {key: _narrow(before.get(key), after.get(key)) for key in keys}
        return (
            {key: pairs[key][0] for key in keys if key in before},
            {key: pairs[key][1] for key in keys if key in after},
        )
    return before, after


def sections(before: Config, after: Config) -> str:
    """ "env.TZ, guest.memory_mb": what differs, in a line."""
    names = []
    for key in {**before, **after}:
        below = {**_keys(before.get(key)), **_keys(after.get(key))}
        names += [f"{key}.{name}" for name in below] or [key]
    return ", ".join(names)


def _keys(value: Any) -> dict[str, None]:
    return dict.fromkeys(value) if isinstance(value, dict) else {}
