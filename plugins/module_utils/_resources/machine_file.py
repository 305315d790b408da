# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file in a machine."""

from __future__ import annotations

from typing import Any

from .._base.errors import CollectionError
from .._converge.resource import Change, Resource
from .._fly.client.api import MachinesApi
from .._fly.machines.pick import pick_machine, started_machine
from .._fly.machines.remote_files import RemoteFile, RemoteFiles

_HIDDEN = "(content not shown)"


class MachineFile(Resource[RemoteFile | None]):
    """`content` None means that the file is to be absent. `owner` is uid:gid, `mode` octal without a leading 0.

    With `directory` it is a directory that is to be there; one is never removed.
    """

    def __init__(
        self,
        api: MachinesApi,
        app: str,
        path: str,
        content: bytes | None,
        *,
        owner: str,
        mode: str,
        machine: str | None = None,
        show_content: bool = True,
        directory: bool = False,
    ) -> None:
        self._api, self._app, self._path, self._content = api, app, path, content
        self._owner, self._mode, self._machine, self._show = owner, mode, machine, show_content
        self._directory = directory

    @property
    def title(self) -> str:
        return f"{self._app}:{self._path}"

    def observe(self) -> RemoteFile | None:
        machine = pick_machine(self._api, self._app, self._machine)
        if machine is None or machine.get("state") != "started":
            return None
        return RemoteFiles(self._api, self._app, machine["id"]).read(self._path)[self._path]

    def plan(self, observed: RemoteFile | None) -> list[Change]:
        if observed and (observed.kind == "directory") != self._directory:
            raise CollectionError(
                f"there is a {observed.kind} in its place", where=self.title, todo="Choose another path, or remove it"
            )
        if self._directory:
            return self._directory_changes(observed)
        wanted = None if self._content is None else RemoteFile(self._content, self._owner, self._mode)
        if observed == wanted:
            return []
        if wanted is None:
            return [Change("remove", self._shown(observed), None, self._remove)]
        what = "write" if observed is None or observed.content != wanted.content else "set owner and mode"
        return [Change(what, self._shown(observed), self._shown(wanted), lambda: self._write(wanted))]

    def _directory_changes(self, observed: RemoteFile | None) -> list[Change]:
        if observed and (observed.owner, observed.mode) == (self._owner, self._mode):
            return []
        before = f"{observed.owner} {observed.mode}" if observed else None
        what = "set owner and mode" if observed else "make the directory"
        return [Change(what, before, f"{self._owner} {self._mode}", self._make_directory)]

    def describe(self, observed: RemoteFile | None) -> dict[str, Any]:
        if observed is None:
            return {"path": self._path, "exists": False}
        return {
            "path": self._path,
            "exists": True,
            "owner": observed.owner,
            "mode": observed.mode,
            "size": len(observed.content),
        }

    def _shown(self, file: RemoteFile | None) -> Any:
        if file is None:
            return None
        text = file.content.decode("utf-8", "replace") if self._show else f"{_HIDDEN} {len(file.content)} bytes"
        return f"# {file.owner} {file.mode}\n{text}"

    def _files(self) -> RemoteFiles:
        machine = started_machine(self._api, self._app, self._machine)
        return RemoteFiles(self._api, self._app, machine["id"])

    def _write(self, file: RemoteFile) -> None:
        self._files().write({self._path: file})

    def _make_directory(self) -> None:
        self._files().make_directory(self._path, self._owner, self._mode)

    def _remove(self) -> None:
        self._files().remove(self._path)
