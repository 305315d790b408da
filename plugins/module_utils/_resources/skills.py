# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's skills on its volume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from .._base.errors import CollectionError
from .._converge.resource import Change, Plan, Refusal, Resource
from .._fly.client.api import MachinesApi
from .._fly.machines.pick import not_started, pick_machine, started_machine
from .._fly.machines.remote_files import RemoteFile, RemoteFiles
from .._openclaw.skills import Skill, digest

# First the titles that the release bundles, then what lies in the folder: type, permissions, owner, path; last the
# digests of its files. Hidden folders are somebody's notes, such as .clawhub's.
_LOOK = """
grep -h -m1 '^name:' "$2"/skills/*/SKILL.md 2>/dev/null | sed 's/^name: */bundled /; s/["'"'"']//g'
[ -d "$1" ] || exit 0
cd "$1"
find . -mindepth 1 -maxdepth 1 ! -type f ! -name '.*' -printf 'skill %P\\n'
find . -mindepth 2 ! -path './.*' ! -type d -printf 'file %y %m %U:%G %P\\n'
find . -mindepth 2 ! -path './.*' -type f -exec sha256sum {} +
"""
# The gateway watches the folder of skills, and what it may not read ends that: what appears there is its own already.
_PREPARE = """
set -eu
umask 077
owner=$1 path=$2; rm -rf -- "$3"; shift 3
for folder; do mkdir -p -- "$folder"; chown "$owner" "$folder"; done
if [ ! -d "$path" ]; then
  new=$(mktemp -d "${path%/*}/.ansible.XXXXXXXX")
  chown "$owner" "$new"
  mv -T -- "$new" "$path"
fi
"""
# The old skill is out of the way for as long as a rename takes.
_SWAP = """
set -eu
rm -rf -- "$1.old"
if [ -e "$2" ]; then mv -T -- "$2" "$1.old"; fi
mv -T -- "$1" "$2"
rm -rf -- "$1.old"
"""
_REMOVE = 'rm -rf -- "$1"'


@dataclass(frozen=True)
class InstalledSkills:
    """Digests by name; "" for a skill that has what none of ours has: a link, or somebody else's file."""

    digests: Mapping[str, str]
    bundled: frozenset[str]
    """Titles of those that the release brings."""
    unreachable: CollectionError | None = None
    """Why no machine can be asked."""


@dataclass(frozen=True)
class WantedSkills:
    app: str
    skills: Mapping[str, Skill]
    exact: bool
    """Whether others in that folder are removed."""
    path: str
    """The folder of skills: <state>/skills for all agents, <workspace>/skills for one."""
    owner: str
    """Numeric user and group of the gateway."""
    app_dir: str = "/app"


class Skills(Resource[InstalledSkills]):
    """The gateway sees a change at the next turn of an agent."""

    def __init__(self, api: MachinesApi, wanted: WantedSkills) -> None:
        self._api = api
        self._app, self._wanted, self._exact = wanted.app, wanted.skills, wanted.exact
        self._path, self._owner, self._app_dir = wanted.path, wanted.owner, wanted.app_dir

    @property
    def title(self) -> str:
        return f"skills of {self._app}"

    def observe(self) -> InstalledSkills:
        machine = pick_machine(self._api, self._app)
        if machine is None or machine.get("state") != "started":
            return InstalledSkills({}, frozenset(), not_started(machine, self._app))
        files = RemoteFiles(self._api, self._app, machine["id"])
        return _parse(files.shell("look at the skills", _LOOK, [self._path, self._app_dir], safe=True), self._owner)

    def plan(self, observed: InstalledSkills) -> Plan:
        there = observed.digests
        changes: list[Change] = []
        for name, skill in self._wanted.items():
            if there.get(name) == skill.sha256:
                continue
            what = f"change the skill {name}" if name in there else f"install the skill {name}"
            changes.append(Change(name, what, there.get(name), skill.sha256, self._installer(name, skill)))
        for name in sorted(there) if self._exact else ():
            if name not in self._wanted:
                changes.append(Change(name, f"remove the skill {name}", there[name], None, self._remover(name)))
        return [Refusal(observed.unreachable, until_run=True), *changes] if observed.unreachable else changes

    def describe(self, observed: InstalledSkills) -> dict[str, object]:
        shadows = sorted(name for name, skill in self._wanted.items() if skill.title in observed.bundled)
        takes = "takes the place of the skill that the release bundles"
        return {
            "path": self._path,
            "skills": {name: skill.sha256 for name, skill in self._wanted.items()},
            "others": sorted(set(observed.digests) - set(self._wanted)),
            "shadows": shadows,
            "warnings": [f"{self.title}: {name} {takes}" for name in shadows],
        }

    def _installer(self, name: str, skill: Skill) -> Callable[[], object]:
        def install() -> None:
            remote, staged = self._remote(), f"{PurePosixPath(self._path).parent}/.ansible-skill-{name}"
            above = {str(folder) for path in skill.files for folder in PurePosixPath(staged, path).parents}
            folders = sorted(folder for folder in above if folder.startswith(staged))
            arguments = [self._owner, self._path, staged, *folders]
            remote.shell("make folders for a skill", _PREPARE, arguments, safe=True)
            modes = {False: "600", True: "700"}
            remote.write(
                {
                    f"{staged}/{path}": RemoteFile(file.content, self._owner, modes[file.executable])
                    for path, file in skill.files.items()
                }
            )
            remote.shell("put a skill in its place", _SWAP, [staged, f"{self._path}/{name}"])

        return install

    def _remover(self, name: str) -> Callable[[], object]:
        return lambda: self._remote().shell("remove a skill", _REMOVE, [f"{self._path}/{name}"], safe=True)

    def _remote(self) -> RemoteFiles:
        return RemoteFiles(self._api, self._app, started_machine(self._api, self._app)["id"])


def _parse(text: str, owner: str) -> InstalledSkills:
    bundled, names, modes, contents = set[str](), set[str](), dict[str, str](), dict[str, str]()
    for line in text.splitlines():
        kind, _space, rest = line.partition(" ")
        if kind == "bundled":
            bundled.add(rest.strip())
        elif kind == "skill":
            names.add(rest)
        elif kind == "file":
            type_, mode, whose, path = rest.split(" ", 3)
            ours = type_ == "f" and whose == owner and mode in ("600", "700")
            modes[path] = mode if ours else ""
        else:
            contents[rest.strip().removeprefix("./")] = kind
    digests = {}
    for name in names:
        files = {path: mode for path, mode in modes.items() if path.startswith(f"{name}/")}
        parts = {path[len(name) + 1 :]: (contents.get(path, ""), mode == "700") for path, mode in files.items()}
        digests[name] = digest(parts) if all(files.values()) else ""
    return InstalledSkills(digests, frozenset(bundled))
