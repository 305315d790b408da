# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variable of an inventory sets a path of openclaw.json, so that a finding names what a person wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from .problems import Problem

VARIABLES: Final = {
    "gateway.port": "openclaw_config_port",
    "gateway.bind": "openclaw_config_bind",
    "gateway.auth.token": "openclaw_config_token_env",
    "gateway.auth.rateLimit": "openclaw_config_rate_limit",
    "gateway.controlUi.allowedOrigins": "openclaw_config_allowed_origins",
    "gateway.publicOrigin": "openclaw_config_hostnames",
    "gateway.http.securityHeaders.strictTransportSecurity": "openclaw_config_hsts",
    "gateway.trustedProxies": "openclaw_config_trusted_proxies",
    "agents.defaults": "openclaw_config_agent_defaults",
    "agents.defaults.model": "openclaw_config_model",
    "agents.defaults.model.fallbacks": "openclaw_config_model_fallbacks",
    "agents.defaults.maxConcurrent": "openclaw_config_max_concurrent",
    "agents.entries": "openclaw_config_agents",
    "agents.list": "openclaw_config_agents",
    "auth.profiles": "openclaw_config_auth_profiles",
    "auth.order": "openclaw_config_auth_order",
    "bindings": "openclaw_config_bindings",
    "channels": "openclaw_config_channels",
    "plugins.entries": "openclaw_config_plugins",
    "hooks": "openclaw_config_hooks",
    "models.catalogRefresh": "openclaw_config_catalog_refresh",
}
"""As `render` builds the config. A layer or the extra config, which are merged over it, may set any path."""


def named(problems: Iterable[Problem], sources: Mapping[str, str]) -> list[Problem]:
    """The problems, each with the variable that sets its path; `sources` are variables by path."""
    return [replace(problem, variable=_variable(problem.path, sources)) for problem in problems]


def _variable(path: str, sources: Mapping[str, str]) -> str:
    """That of the longest path which leads there, else the only one below."""
    above = [source for source in sources if _leads(source, path)]
    if above:
        return sources[max(above, key=len)]
    below = {variable for source, variable in sources.items() if path and _leads(path, source)}
    return below.pop() if len(below) == 1 else ""


def _leads(start: str, end: str) -> bool:
    return end == start or end.startswith((f"{start}.", f"{start}["))
