# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be known to fail before anything is changed, in one answer."""

from __future__ import annotations

import difflib
from typing import Any

from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi
from .._fly.client.token import Scope, scope_of
from .._fly.facts.guests import REGION_FACTOR, memory_mb
from .._openclaw import channels, config_rules, config_schema, process, secret_values
from .._openclaw.config_moves import migrate
from .._openclaw.plugins import unpinned
from .._openclaw.problems import ConfigRefused, Problem
from .._openclaw.releases import Release
from .._openclaw.tunnels.check import check as check_tunnels


def preflight(api: MachinesApi, params: dict[str, Any]) -> dict[str, Any]:
    """Return {problems, token}; `failed` with all problems in one message when there are any."""
    release = Release.parse(params["release"])
    token = api.current_token()
    problems = [
        *_token(scope_of(token), params["app"], params["org"]),
        *process.check(params["command"], params["internal_port"], behind_proxy=params["exposure"] != "sealed"),
        *_region(api, params["region"]),
        *_memory(params["vm_memory"], params["memory_floor_mb"]),
        *config_problems(params, release),
    ]
    told = {f"fly_app_secrets.{problem.path}" for problem in problems if problem.rule == "channel-token"}
    problems += [problem for problem in secret_problems(params, release) if problem.path not in told]
    result: dict[str, Any] = {
        "changed": False,
        "problems": [problem.as_dict() for problem in problems],
        "token": token,
    }
    if problems:
        result.update(
            failed=True, msg=str(ConfigRefused(problems, f"app {params['app']}", kept="Nothing was changed."))
        )
    return result


def secret_problems(params: dict[str, Any], release: Release) -> list[Problem]:
    """Judge the values of the app's secrets and the gateway's token."""
    rules = facts(params, release, process.DEFAULT_PORT)
    found = secret_values.judge(params["secrets"], params["gateway_token"])
    return [problem for problem in found if not config_rules.waived(problem, rules)]


def config_problems(params: dict[str, Any], release: Release) -> list[Problem]:
    """Judge the declared config by the rules, and by the release's schema if it is in the cache."""
    config = params["config"]
    if not config:
        return []
    if params["migrate"]:
        config, _said = migrate(config, release)
    port = process.parse(params["command"]).port or process.DEFAULT_PORT
    rules = facts(params, release, port)
    problems = config_rules.check(config, rules)
    found = [
        *channels.check(config, release, rules.secret_names, params["packages"], params["secrets"]),
        *check_tunnels(params["tunnels"], config, rules),
    ]
    problems += [problem for problem in found if not config_rules.waived(problem, rules)]
    problems += [Problem(package, why, (), todo, "plugin-pin") for package, why, todo in unpinned(params["packages"])]
    schema = config_schema.load(release, params["schema_cache"])
    told = {problem.path for problem in problems}
    return problems + [p for p in (config_schema.validate(config, schema) if schema else []) if p.path not in told]


def facts(params: dict[str, Any], release: Release, port: int) -> config_rules.Facts:
    return config_rules.Facts(
        release=release,
        exposure=params["exposure"],
        port=port,
        hostnames=tuple(params["hostnames"]),
        https_port=params["https_port"],
        secret_names=frozenset(params["secret_names"]) if params["secret_names"] else None,
        readonly=params["ownership"] == "readonly",
        waivers={str(key): str(value) for key, value in params["waivers"].items()},
    )


def _token(scope: Scope, app: str, org: str | None) -> list[Problem]:
    """A person's token may cover more organizations than it tells of; fly_app asks when it makes an app."""
    why = scope.refusal(app, None if scope.user else org, create=False)
    todo = "Use a token that covers it (fly tokens create org, or fly tokens create deploy once the app exists)"
    return [Problem("api_token", f"it cannot manage the app: {why}", (), todo, rule="token")] if why else []


def _memory(given: str | None, floor_mb: int) -> list[Problem]:
    if not given or memory_mb(given, "vm_memory") >= floor_mb:
        return []
    why = f"{given} is less than the {floor_mb} MB that the gateway needs with what is in its image"
    return [Problem("vm_memory", why, (), f"Give it {floor_mb}mb or more, as fly_app_vm_memory", rule="memory")]


def _region(api: MachinesApi, region: str | None) -> list[Problem]:
    """Known regions need no request; for another one Fly.io itself is asked."""
    if not region or region in REGION_FACTOR:
        return []
    try:
        codes = [str(entry.get("code")) for entry in api.regions()]
    except CollectionError:
        codes = list(REGION_FACTOR)
    if region in codes:
        return []
    near = difflib.get_close_matches(region, codes, 1)
    hint = f"Did you mean '{near[0]}'?" if near else "fly platform regions lists them"
    return [Problem("region", f"Fly.io has no region '{region}'", tuple(sorted(codes)), hint, rule="region")]
