# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing but the check's own app is ever touched: every request passes here, or is not sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qs, unquote, urlsplit

from .._base.errors import CollectionError
from .._fly.client.types import Json
from . import budget

_READS = {"/v1/tokens/current", "/v1/platform/regions"}
_LISTS = "/v1/apps"
_SEGMENT = re.compile(r"[A-Za-z0-9._~:%-]+")
_ADDRESSES = ("v6", "private_v6", "shared_v4")
"""All of them are free of charge."""
_COSTLY = ("extend", "certificates", "deploy_token", "secretkeys")
_LIMITS = {"machines": budget.MAX_MACHINES, "volumes": budget.MAX_VOLUMES, "ip_assignments": budget.MAX_ADDRESSES}


class NotOfTheCheck(CollectionError):
    """A request that the check may not send."""


class Guard:
    """What one check may ask. `expired` are apps of earlier checks, which it may look at and delete."""

    def __init__(self, app: str, org: str, expired: Iterable[str] = ()) -> None:
        self._app, self._org, self._expired = app, org, frozenset(expired)
        self._made: Counter[str] = Counter()

    def allow(self, method: str, target: str, body: object) -> None:
        """Raise `NotOfTheCheck` for a request that is not about the app, or that could cost more than was announced."""
        parts = urlsplit(target)
        why = self._refusal(method, parts.path, parse_qs(parts.query), body if isinstance(body, dict) else {})
        if why:
            raise NotOfTheCheck(
                "the check may not send this request",
                where=f"{method} {parts.path}",
                why=why,
                todo="Report it: a check touches nothing but its own app",
            )

    def _refusal(self, method: str, path: str, query: dict[str, list[str]], body: Json) -> str:
        if method == "GET" and path in _READS:
            return ""
        if path == _LISTS:
            return self._refused_list(method, query, body)
        segments = path.split("/")[1:]
        if not all(_SEGMENT.fullmatch(segment) and _is_one(unquote(segment)) for segment in segments):
            return "its path is not plain"
        if segments[:1] == ["api"]:
            of_logs = [*segments[1:3], *segments[4:]] == ["v1", "apps", "logs"] and segments[3] == self._app
            return "" if method == "GET" and of_logs else "it is not about the check's app"
        if segments[:2] != ["v1", "apps"] or len(segments) < 3:
            return "it is not about the check's app"
        if segments[2] in self._expired and budget.expiry(segments[2]) is not None:
            return "" if method in ("GET", "DELETE") else "an earlier check's app is only looked at and deleted"
        if segments[2] != self._app or budget.expiry(self._app) is None:
            return "it is about another app"
        return "" if method in ("GET", "DELETE") else self._refused_change(method, segments[3:], body)

    def _refused_list(self, method: str, query: dict[str, list[str]], body: Json) -> str:
        if method == "GET":
            return "" if query == {"org_slug": [self._org]} else "it lists apps of another organization"
        ours = body.get("name") == self._app and body.get("org_slug") == self._org
        return "" if method == "POST" and ours and budget.expiry(self._app) else "it creates another app"

    def _refused_change(self, method: str, rest: list[str], body: Json) -> str:
        if any(word in rest for word in _COSTLY):
            return "it could cost more than was announced"
        if rest[:1] == ["machines"] and len(rest) < 3:
            guest = (body.get("config") or {}).get("guest") or {}
            if why := _refused_guest(guest, self._most_memory(rest, guest)):
                return why
        if rest == ["volumes"] and not _is_small(body):
            return f"a volume has {budget.VOLUME_GB} GB"
        if rest == ["ip_assignments"] and body.get("type") not in _ADDRESSES:
            return "only addresses that are free of charge are taken"
        if method == "POST" and len(rest) == 1 and rest[0] in _LIMITS:
            self._made[rest[0]] += 1
            if self._made[rest[0]] > _LIMITS[rest[0]]:
                return f"more than {_LIMITS[rest[0]]} {rest[0]} could cost more than was announced"
        return ""

    def _most_memory(self, rest: list[str], guest: Json) -> int:
        """One new machine may be large."""
        if rest == ["machines"] and guest.get("memory_mb") == budget.LARGE_MEMORY_MB and not self._made["large"]:
            self._made["large"] += 1
            return budget.LARGE_MEMORY_MB
        return budget.MAX_MEMORY_MB


def _is_one(segment: str) -> bool:
    return segment not in (".", "..") and "/" not in segment


def _refused_guest(guest: Json, memory: int) -> str:
    small = (
        guest.get("cpu_kind", budget.CPU_KIND) == budget.CPU_KIND
        and guest.get("cpus", 1) <= budget.MAX_CPUS
        and guest.get("memory_mb", 256) <= memory
        and not guest.get("gpus")
        and not guest.get("gpu_kind")
    )
    return "" if small else f"a machine has at most {budget.MAX_CPUS} CPUs and {budget.MAX_MEMORY_MB} MB"


def _is_small(body: Json) -> bool:
    if body.get("source_volume_id") or body.get("snapshot_id"):
        return bool(body.get("size_gb", budget.VOLUME_GB) <= budget.VOLUME_GB)
    return bool(body.get("size_gb") == budget.VOLUME_GB)
