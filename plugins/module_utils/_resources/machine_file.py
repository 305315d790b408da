# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file in a machine."""

from __future__ import annotations

from dataclasses import dataclass

from .._base.errors import CollectionError
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client.api import MachinesApi
from .._fly.machines.pick import not_started, pick_machine, started_machine
from .._fly.machines.remote_files import RemoteFile, RemoteFiles

_HIDDEN = "(content not shown)"


@dataclass(frozen=True)
class WantedMachineFile:
    """`content` None means that the file should be absent. `owner` is uid:gid, `mode` octal without a leading 0.

    With `directory` it is a directory that should exist; one is never removed. `machine` None is the deployed one.
    """

    app: str
    path: str
    content: bytes | None
    owner: str
    mode: str
    machine: str | None = None
    show_content: bool = True
    directory: bool = False

    @property
    def file(self) -> RemoteFile | None:
        return None if self.content is None else RemoteFile(self.content, self.owner, self.mode)


@dataclass(frozen=True)
class FileState:
    file: RemoteFile | None
    unreachable: CollectionError | None = None
    """Why no machine can be asked."""


class MachineFile(Resource[FileState]):
    def __init__(self, api: MachinesApi, wanted: WantedMachineFile) -> None:
        self._api, self._wanted = api, wanted

    @property
    def title(self) -> str:
        return f"{self._wanted.app}:{self._wanted.path}"

    def observe(self) -> FileState:
        wanted = self._wanted
        machine = pick_machine(self._api, wanted.app, wanted.machine)
        if machine is None or machine.get("state") != "started":
            return FileState(None, not_started(machine, wanted.app, wanted.machine))
        return FileState(RemoteFiles(self._api, wanted.app, machine["id"]).read(wanted.path)[wanted.path])

    def plan(self, observed: FileState) -> Plan:
        wanted, present = self._wanted, observed.file
        if present and (present.kind == "directory") != wanted.directory:
            what, todo = f"there is a {present.kind} in its place", "Choose another path, or remove it"
            return [refusal(what, where=self.title, todo=todo)]
        changes = self._directory_changes(present) if wanted.directory else self._file_changes(present)
        if changes and observed.unreachable:
            return [Refusal(observed.unreachable, until_run=True), *changes]
        return changes

    def _file_changes(self, present: RemoteFile | None) -> Plan:
        file = self._wanted.file
        if present == file:
            return []
        if file is None:
            return [Change("remove", "remove", self._shown(present), None, self._remove)]
        what = "write" if present is None or present.content != file.content else "set owner and mode"
        return [Change("write", what, self._shown(present), self._shown(file), lambda: self._write(file))]

    def _directory_changes(self, present: RemoteFile | None) -> Plan:
        owner, mode = self._wanted.owner, self._wanted.mode
        if present and (present.owner, present.mode) == (owner, mode):
            return []
        before = f"{present.owner} {present.mode}" if present else None
        what = "set owner and mode" if present else "make the directory"
        return [Change("directory", what, before, f"{owner} {mode}", self._make_directory)]

    def describe(self, observed: FileState) -> dict[str, object]:
        path, file = self._wanted.path, observed.file
        if file is None:
            return {"path": path, "exists": False}
        return {"path": path, "exists": True, "owner": file.owner, "mode": file.mode, "size": len(file.content)}

    def _shown(self, file: RemoteFile | None) -> str | None:
        if file is None:
            return None
        hidden = not self._wanted.show_content
        text = f"{_HIDDEN} {len(file.content)} bytes" if hidden else file.content.decode("utf-8", "replace")
        return f"# {file.owner} {file.mode}\n{text}"

    def _files(self) -> RemoteFiles:
        machine = started_machine(self._api, self._wanted.app, self._wanted.machine)
        return RemoteFiles(self._api, self._wanted.app, machine["id"])

    def _write(self, file: RemoteFile) -> None:
        self._files().write({self._wanted.path: file})

    def _make_directory(self) -> None:
        self._files().make_directory(self._wanted.path, self._wanted.owner, self._wanted.mode)

    def _remove(self) -> None:
        self._files().remove(self._wanted.path)
