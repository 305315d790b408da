# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A link that lets one browser into a gateway, once: kept in a file, never printed."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from .._base.errors import CollectionError
from .._converge.context import Context
from .._converge.resource import Change, Resource
from .._fly.client.api import MachinesApi
from .._gateway.cli import GatewayCli
from .local_file import LocalFile

# A page that leads on by itself: opened by its name, the link is in no command line and no history of a shell.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}">
<title>{app}</title>
<p><a href="{link}">Open {app}</a>: this link lets one browser in, once, until {until}.</p>
</html>
"""


class OwnerLink(Resource[None]):
    """Writes a page with a new link to `dest`, 0600. `url` is where the owner's browser reaches the gateway."""

    def __init__(self, api: MachinesApi, context: Context, app: str, url: str, dest: Path, owner: str) -> None:
        self._api, self._context, self._app = api, context, app
        self._url, self._dest, self._owner = url.rstrip("/"), dest.expanduser(), owner
        self._until = ""

    @property
    def title(self) -> str:
        return f"owner link of {self._app}"

    def observe(self) -> None:
        return None

    def plan(self, observed: None) -> list[Change]:
        if self._until:
            return []
        return [Change(f"write a new link to {self._dest}", None, {"dest": str(self._dest)}, self._write)]

    def describe(self, observed: None) -> dict[str, Any]:
        return {"dest": str(self._dest), "file_url": self._dest.absolute().as_uri(), "expires_at": self._until or None}

    def _write(self) -> None:
        answer = GatewayCli.started(self._api, self._app, self._owner).json("dashboard", "--json")
        secrets = parse_qs(urlsplit(str(answer.get("browserUrl") or "")).fragment)
        if "bootstrapToken" not in secrets:
            error = answer.get("error") or {}
            raise CollectionError(
                "the gateway gives no link for its owner",
                where=self.title,
                why=str(error.get("message") or "its release makes none"),
                todo="Log in with the token and approve the browser with openclaw_device",
            )
        token = self._context.secret(secrets["bootstrapToken"][0])
        profile = secrets.get("bootstrapProfile", ["owner"])[0]
        until = datetime.fromtimestamp(float(answer["browserBootstrapExpiresAtMs"]) / 1000, UTC)
        link = f"{self._url}/#{urlencode({'bootstrapToken': token, 'bootstrapProfile': profile})}"
        page = _PAGE.format(link=html.escape(link), app=html.escape(self._app), until=f"{until:%H:%M} UTC")
        file = LocalFile(self._dest.absolute(), page, 0o600, show_content=False)
        for change in file.plan(file.observe()):
            change.apply()
        self._until = f"{until:%Y-%m-%dT%H:%M:%SZ}"
