# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A link that lets one browser into a gateway, once: kept in a file, never printed."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from .._base import clock
from .._base.errors import CollectionError
from .._base.files import write_file
from .._converge.context import Context
from .._converge.resource import Change, Plan, Resource
from .._fly.client.api import MachinesApi
from .._gateway.cli import GatewayCli

# A page that leads on by itself: opened by its name, the link is in no command line and no history of a shell.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}">
<title>{app}</title>
<p><a href="{link}">Open {app}</a>: this link approves one browser, once, until {until}.</p>
</html>
"""


@dataclass(frozen=True)
class WantedLink:
    app: str
    url: str
    """Where the owner's browser reaches the gateway."""
    dest: Path
    """The page, 0600."""
    owner: str
    """Numeric user and group that asks in the machine."""


class OwnerLink(Resource[None]):
    """Writes a page with a new link, in every run: nobody can see whether an old one was used."""

    def __init__(self, api: MachinesApi, context: Context, wanted: WantedLink) -> None:
        self._api, self._context, self._wanted = api, context, wanted
        self._dest = wanted.dest.expanduser().absolute()
        self._until = ""

    @property
    def title(self) -> str:
        return f"owner link of {self._wanted.app}"

    def observe(self) -> None:
        return None

    def plan(self, observed: None) -> Plan:
        after = {"dest": str(self._dest)}
        return [Change("link", f"write a new link to {self._dest}", None, after, self._write, once=True)]

    def describe(self, observed: None) -> dict[str, object]:
        return {"dest": str(self._dest), "file_url": self._dest.as_uri(), "expires_at": self._until or None}

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._wanted.app, self._wanted.owner, self._context.progress)

    def _write(self) -> None:
        answer = self._cli().json("dashboard", "--json")
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
        until = clock.text(float(answer["browserBootstrapExpiresAtMs"]) / 1000)
        link = f"{self._wanted.url.rstrip('/')}/#{urlencode({'bootstrapToken': token, 'bootstrapProfile': profile})}"
        page = _PAGE.format(link=html.escape(link), app=html.escape(self._wanted.app), until=f"{until[11:16]} UTC")
        write_file(self._dest, page, 0o600)
        self._until = until
