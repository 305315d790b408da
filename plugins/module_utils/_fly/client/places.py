# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request is about, in the user's terms: "machine 3287abc of my-app (POST /v1/apps/my-app/machines/3287abc)"."""

from __future__ import annotations

from urllib.parse import unquote

_LISTS = {
    "machines": "machines of {app}",
    "volumes": "volumes of {app}",
    "ip_assignments": "addresses of {app}",
    "secrets": "secrets of {app}",
    "certificates": "certificates of {app}",
    "logs": "logs of {app}",
    "releases": "releases of {app}",
}
_ONE = {
    "machines": "machine {name} of {app}",
    "volumes": "volume {name} of {app}",
    "ip_assignments": "address {name} of {app}",
    "certificates": "certificate for {name} of {app}",
}
_OTHER = {
    "apps": "apps of the organization",
    "platform/regions": "regions of Fly.io",
    "tokens/current": "the API token",
    "releases": "releases",
}


def place(method: str, path: str) -> str:
    """The thing, then the request."""
    found = thing(path)
    return f"{found} ({method} {path})" if found else f"{method} {path}"


def thing(path: str) -> str:
    """The thing that a path of Fly.io's APIs stands for; empty when it is unknown."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    while parts and parts[0] in ("api", "v1"):
        parts = parts[1:]
    if parts[:1] != ["apps"] or len(parts) < 2 or not parts[1]:
        return _OTHER.get("/".join(parts), _OTHER.get(parts[0] if parts else "", ""))
    app, kind = parts[1], parts[2] if len(parts) > 2 else ""
    if not kind:
        return f"app {app}"
    if len(parts) > 3 and kind in _ONE and not (kind == "certificates" and parts[3] in ("acme", "custom")):
        return _ONE[kind].format(app=app, name=parts[3])
    return _LISTS.get(kind, f"app {app}").format(app=app)


def kind_of(path: str) -> str:
    """machine, volume, app, ... : the first word of the thing, for advice that depends on it."""
    found = thing(path)
    return found.split(" ", 1)[0] if found else ""
