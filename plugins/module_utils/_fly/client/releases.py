# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An app's releases: the entry that a deploy leaves, as flyctl leaves one, where the token allows it.

With it `fly releases`, `fly status`, `fly config show` and `fly secrets list` know what runs. Source: flyctl's
internal/uiex (2026-08).
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from .edge import Door
from .errors import FlyError, LostAnswer
from .transport import Transport
from .types import Release, ReleaseAnswer

ID_KEY, VERSION_KEY = "fly_release_id", "fly_release_version"
"""Metadata of the machines that a release made or changed."""
_STRATEGY = "ROLLING"


class ReleasesApi:
    """The web API's part for releases; it wants every token as a bearer."""

    def __init__(self, transport: Transport) -> None:
        self._door = Door(transport, "/api/v1")

    def current(self, app: str) -> Release | None:
        return self._door.find(Release, f"/apps/{quote(app, safe='')}/releases/current", bearer=True)

    def create(self, app: str, definition: dict[str, object], image: str) -> Release:
        """Its status is pending."""
        body = {"app_name": app, "definition": definition, "image": image, "strategy": _STRATEGY}
        return self._door.ask(ReleaseAnswer, "POST", "/releases", body, bearer=True)["release"]

    def set_status(self, release: str, status: str) -> None:
        """`status` is running, complete, failed or interrupted."""
        self._door.send("PATCH", f"/releases/{quote(release, safe='')}", {"status": status}, safe=True, bearer=True)


class ReleaseEntry:
    """One deploy's entry: made before its first machine, closed after its last; without the right to it, none."""

    def __init__(self, api: ReleasesApi, app: str, definition: dict[str, object], warn: Callable[[str], None]) -> None:
        self._api, self._app, self._warn = api, app, warn
        self._definition = {**definition, "app": app}
        self._release: Release | None = None
        self._tried = False

    def begin(self, image: str) -> dict[str, str]:
        """Make the entry, once; return what a machine of it notes in its metadata."""
        if not self._tried:
            self._tried = True
            try:
                self._release = self._make(image)
            except FlyError as error:
                self._warn(f"{self._app} gets no release entry, everything else goes on. {error}")
        if self._release is None:
            return {}
        return {ID_KEY: str(self._release["id"]), VERSION_KEY: str(self._release["version"])}

    def end(self, *, failed: bool) -> None:
        if self._release is None:
            return
        try:
            self._api.set_status(str(self._release["id"]), "failed" if failed else "complete")
        except FlyError as error:
            self._warn(f"the release entry of {self._app} stays pending. {error}")

    def view(self) -> dict[str, object] | None:
        return {"id": self._release["id"], "version": self._release["version"]} if self._release else None

    def _make(self, image: str) -> Release:
        try:
            return self._api.create(self._app, self._definition, image)
        except LostAnswer:
            # If it is there, it is the newest.
            found = self._api.current(self._app)
            if found and found.get("status") == "pending" and found.get("image_ref") == image:
                return found
            return self._api.create(self._app, self._definition, image)
