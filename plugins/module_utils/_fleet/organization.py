# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read all apps of an organization in few requests: pages of apps, machines, volumes and addresses.

Source: the OpenAPI document of the Machines API (2026-05) for /v1/orgs, Fly.io's GraphQL schema for addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._base.errors import CollectionError
from .._fly.client.errors import Forbidden
from .._fly.client.graphql import GraphqlApi
from .._fly.client.transport import Transport

Json = dict[str, Any]
MAX_PAGES = 1000


@dataclass
class FlyApp:
    """One app and what it has, as the APIs return it."""

    name: str
    app: Json
    machines: list[Json] = field(default_factory=list)
    volumes: list[Json] = field(default_factory=list)
    addresses: list[Json] | None = None
    """Each {ip, type}; None where the token is not allowed to read them."""


def read(transport: Transport, graphql: GraphqlApi, org: str) -> tuple[list[FlyApp], list[str]]:
    """Return the organization's apps by name, and warnings about what could not be read."""
    listed = transport.request("GET", "/v1/apps", query={"org_slug": org}).body or {}
    apps = {app["name"]: FlyApp(app["name"], app) for app in listed.get("apps") or []}
    for kind in ("machines", "volumes"):
        for entry in _pages(transport, org, kind):
            owner = apps.get(entry.get("app_name", ""))
            if owner is not None:
                getattr(owner, kind).append(entry)
    warnings = []
    try:
        for name, addresses in graphql.addresses(org).items():
            if name in apps:
                apps[name].addresses = addresses
    except Forbidden as error:
        warnings.append(f"addresses and exposure are unknown: {error}")
    return [apps[name] for name in sorted(apps)], warnings


def _pages(transport: Transport, org: str, kind: str) -> list[Json]:
    """All machines or volumes of an organization. A page may be short, or empty, though more follow."""
    found: list[Json] = []
    cursor = ""
    for _page in range(MAX_PAGES):
        query = {"limit": 1000, **({"cursor": cursor} if cursor else {})}
        answer = transport.request("GET", f"/v1/orgs/{org}/{kind}", query=query).body or {}
        found += answer.get(kind) or []
        cursor = answer.get("next_cursor") or ""
        if not cursor:
            return found
    raise CollectionError(
        f"the list of {kind} does not end",
        where=f"organization {org}",
        why=f"{MAX_PAGES} pages were read and another was announced",
        todo="Check that machines_url leads to Fly.io's Machines API",
    )
