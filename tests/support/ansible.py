"""Run `ansible-playbook` as a person would, apart from this machine's own Ansible set-up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from .hang import LONG

CALLBACKS = Path(__file__).parent / "callbacks"
REPO = Path(__file__).parents[2]

Plays = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Core:
    """An installed ansible-core."""

    version: str
    """major.minor, such as "2.21"."""
    bin: Path
    """The folder of its programs and of its python."""

    @property
    def python(self) -> Path:
        return self.bin / "python"


@dataclass(frozen=True)
class TaskResult:
    """How one task ended on one host."""

    host: str
    task: str
    action: str
    status: str
    """ok, failed, ignored, skipped or unreachable."""
    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))


@dataclass(frozen=True)
class Run:
    """A finished playbook run."""

    rc: int
    stdout: str
    stderr: str
    recap: dict[str, dict[str, int]] = field(default_factory=dict)
    """By host: ok, changed, failures, unreachable, skipped, rescued, ignored."""
    results: list[TaskResult] = field(default_factory=list)

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    @property
    def changed(self) -> int:
        """Changed tasks over all hosts."""
        return sum(host["changed"] for host in self.recap.values())

    def ok(self) -> Self:
        """Return itself when the run succeeded; else fail with what it printed."""
        assert self.rc == 0, f"ansible-playbook ended with {self.rc}\n{self.output}"
        return self

    def failed(self) -> Self:
        """Return itself when the run failed as a play does, without a traceback; else fail with what it printed."""
        assert self.rc == 2, f"ansible-playbook ended with {self.rc}, 2 expected\n{self.output}"
        assert "Traceback (most recent call last)" not in self.output, self.output
        return self

    def of(self, task: str, host: str | None = None) -> dict[str, Any]:
        """Return the result of the one task of this name (on the host); role prefixes may be left out."""
        found = [
            each
            for each in self.results
            if task in (each.task, each.task.split(" : ")[-1]) and host in (None, each.host)
        ]
        assert len(found) == 1, f"{len(found)} results of {task!r}\n{self.output}"
        return found[0].result


class Started:
    """A playbook that runs."""

    def __init__(self, process: subprocess.Popen[str], record: Path) -> None:
        self.process = process
        self._record = record

    def wait(self, timeout: float = LONG) -> Run:
        """Wait for the end; kill and fail after `timeout` seconds."""
        try:
            stdout, stderr = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"ansible-playbook took over {timeout} s\n{stdout}{stderr}") from None
        recap: dict[str, dict[str, int]] = {}
        results = []
        for line in self._record.read_text().splitlines():
            entry = json.loads(line)
            if entry.pop("kind") == "recap":
                recap = entry["hosts"]
            else:
                results.append(TaskResult(**entry))
        return Run(self.process.returncode, stdout, stderr, recap, results)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal it and all below it: a worker is in a session of its own and would end its task as an orphan."""
        for pid in (self.process.pid, *_descendants(self.process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


class Ansible:
    """Runs playbooks with one ansible-core and the installed collection.

    `home` stands in for the user's home: nothing is read from or left in the real one. `env` is added to a small
    environment in every run; no FLY_ or ANSIBLE_ variable of the caller gets through.
    """

    def __init__(self, core: Core, collections: Path, home: Path, env: Mapping[str, str] | None = None) -> None:
        self.core = core
        self.collections = collections
        self.home = home
        self.env = dict(env or {})
        home.mkdir(parents=True, exist_ok=True)

    def playbook(
        self,
        playbook: Path | str | Plays,
        *args: str,
        inventory: Path | str | Mapping[str, Any] | None = None,
        extra_vars: Mapping[str, Any] | None = None,
        check: bool = False,
        diff: bool = False,
        env: Mapping[str, str] | None = None,
        timeout: float = LONG,
    ) -> Run:
        """Run a playbook (a path, a collection's playbook name, or plays as data) to its end."""
        started = self.start(
            playbook, *args, inventory=inventory, extra_vars=extra_vars, check=check, diff=diff, env=env
        )
        return started.wait(timeout)

    def inventory(self, source: Path, *args: str, env: Mapping[str, str] | None = None) -> Run:
        """Run `ansible-inventory` on a source; `--list` prints JSON."""
        scratch = Path(tempfile.mkdtemp(dir=self.home))
        (scratch / "ansible.cfg").touch()
        done = subprocess.run(
            [str(self.core.bin / "ansible-inventory"), "-i", str(source), *args],
            cwd=REPO,
            env=self._environment(scratch, scratch / "record") | self.env | dict(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def tasks(self, *tasks: Mapping[str, Any], play: Mapping[str, Any] | None = None, **options: Any) -> Run:
        """Run tasks on localhost in one play; `play` adds keywords to it, `options` are `playbook`'s."""
        return self.playbook(
            [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **(play or {})}], **options
        )

    def start(
        self,
        playbook: Path | str | Plays,
        *args: str,
        inventory: Path | str | Mapping[str, Any] | None = None,
        extra_vars: Mapping[str, Any] | None = None,
        check: bool = False,
        diff: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> Started:
        """Start it as `playbook` does, and return at once."""
        scratch = Path(tempfile.mkdtemp(dir=self.home))
        (scratch / "ansible.cfg").touch()
        record = scratch / "record"
        record.touch()
        if not isinstance(playbook, str | Path):
            playbook = _dump(scratch / "playbook.yml", playbook)
        if inventory is None:
            local = {"ansible_connection": "local", "ansible_python_interpreter": str(self.core.python)}
            inventory = {"all": {"hosts": {"localhost": local}}}
        if isinstance(inventory, Mapping):
            inventory = _dump(scratch / "inventory.yml", inventory)
        command = [str(self.core.bin / "ansible-playbook"), str(playbook), "-i", str(inventory), *args]
        if extra_vars:
            command += ["-e", f"@{_dump(scratch / 'extra_vars.yml', extra_vars)}"]
        command += ["--check"] * check + ["--diff"] * diff
        process = subprocess.Popen(
            command,
            cwd=REPO,
            env=self._environment(scratch, record) | self.env | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return Started(process, record)

    def _environment(self, scratch: Path, record: Path) -> dict[str, str]:
        passed = {name: os.environ[name] for name in ("TMPDIR", "TZ") if name in os.environ}
        return passed | {
            "PATH": f"{self.core.bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(scratch / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.home / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_NOCOWS": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "OPENCLAW_FLY_RECORD": str(record),
        }


def installed_cores() -> list[Core]:
    """Return the ansible-cores to test with, oldest first.

    They are this interpreter's own, those that `make cores` made, or those that OPENCLAW_FLY_CORES names
    (folders of programs, separated by colons), one for each version.
    """
    named = os.environ.get("OPENCLAW_FLY_CORES")
    folders = [Path(sys.executable).parent]
    folders += map(Path, named.split(":")) if named else sorted(REPO.glob(".venvs/core-*/bin"))
    cores: dict[str, Core] = {}
    for folder in folders:
        if (folder / "ansible-playbook").exists():
            version = subprocess.run(
                [folder / "python", "-c", "from ansible.release import __version__; print(__version__)"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            minor = ".".join(version.split(".")[:2])
            cores.setdefault(minor, Core(minor, folder))
    return sorted(cores.values(), key=lambda core: [int(part) for part in core.version.split(".")])


def _descendants(pid: int) -> list[int]:
    """The processes below one, children before grandchildren."""
    children: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += map(int, file.read_text().split())
    return children + [each for child in children for each in _descendants(child)]


def _dump(path: Path, data: Any) -> Path:
    """Write data as JSON, which is YAML too."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(data))
    return path
