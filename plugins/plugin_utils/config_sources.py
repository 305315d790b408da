# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variable in a host's scope sets what of a gateway's config and command, for messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..module_utils._openclaw.config_sources import VARIABLES
from ..module_utils._openclaw.paths import leaves, show
from ..module_utils._preflight.known import KINDS, LAYER

_BUILT = "openclaw_config_wanted"
"""The role builds the config from its variables; other tasks bring their own."""


def sources(scope: Mapping[str, Any], resolve: Callable[[Any], Any]) -> dict[str, str]:
    """Variables by path: those of the role, what follows from another one by that, then layers and the extra config."""
    if _BUILT not in scope:
        return {}
    command = _written(scope, "fly_app_command")
    found = {path: _origin(scope, name) for path, name in VARIABLES.items()}
    found |= {"internal_port": "fly_app_port", "processes": "fly_app_command"}
    found["--port"] = "fly_app_command" if command else "fly_app_port"
    found["--bind"] = "fly_app_command" if command else "fly_app_bind"
    for name in (*sorted(each for each in scope if each.startswith(LAYER)), "openclaw_config_extra"):
        found |= dict.fromkeys(_paths(resolve(scope.get(name))), name)
    return found


def _origin(scope: Mapping[str, Any], name: str) -> str:
    """The one variable of ours that a default follows, else the variable itself."""
    value = scope.get(name)
    follows = set(re.findall(r"\w+", value)) & KINDS.keys() if isinstance(value, str) and "{{" in value else set()
    return follows.pop() if len(follows) == 1 else name


def _written(scope: Mapping[str, Any], name: str) -> bool:
    """Whether somebody set it: a default of fly_app's takes what the role that builds on it brings."""
    return "fly_app_base" not in str(scope.get(name, "fly_app_base"))


def _paths(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        yield from (show(path) for path, _value in leaves(tree))
