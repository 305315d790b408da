"""Start one process of a machine, inside its namespaces and as its user."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from typing import Any, NoReturn

CONTAINER_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31})
"""What container engines leave to root: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
net_bind_service, net_raw, sys_chroot, audit_write, setfcap."""


@dataclass
class Inside:
    """How a new process gets where the machine is. Empty for the process tier."""

    namespaces: list[tuple[int, int]] = field(default_factory=list)
    """(descriptor, kind), the user namespace last: the right to enter the others goes with it."""
    restrict: bool = False
    cgroups: list[str] = field(default_factory=list)
    """The `cgroup.procs` files to join."""

    def enter(self) -> None:
        for path in self.cgroups:
            with open(path, "w") as file:
                file.write("0")
        from . import libc

        for fd, kind in self.namespaces:
            libc.setns(fd, kind)


def spawn(inside: Inside, request: dict[str, Any], stdio: tuple[int, int, int]) -> int:
    """Fork and execute `request` (argv, env, cwd, and uid, gid to become or None); returns the pid, raises OSError."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(inside, request, stdio, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as report:
        trouble = report.read()
    if trouble:
        os.waitpid(pid, 0)
        raise OSError(trouble.decode(errors="replace"))
    return pid


def call(inside: Inside, function: Any) -> None:
    """Run a function in a child inside the machine, as its most powerful user; raises OSError with its trouble."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 0
        try:
            inside.enter()
            function()
        except OSError as error:
            os.write(write_end, str(error).encode())
            code = 1
        finally:
            os._exit(code)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as report:
        trouble = report.read()
    os.waitpid(pid, 0)
    if trouble:
        raise OSError(trouble.decode(errors="replace"))


def _become(inside: Inside, request: dict[str, Any], stdio: tuple[int, int, int], report: int) -> NoReturn:
    step = "start"
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.setsid()
        for place, fd in enumerate(stdio):
            os.dup2(fd, place)
        if sys.platform == "linux":
            step = "enter the machine"
            inside.enter()
        step = f"chdir to {request['cwd']}"
        os.chdir(request["cwd"])
        step = "become the user"
        _drop(inside, request)
        step = f"execute {request['argv'][0]}"
        os.umask(0o022)
        os.execvpe(request["argv"][0], request["argv"], request["env"])
    except BaseException as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        os.write(report, f"cannot {step}: {reason}".encode())
    finally:
        os._exit(127)


def _drop(inside: Inside, request: dict[str, Any]) -> None:
    if inside.restrict:
        from . import libc

        libc.keep_capabilities(CONTAINER_CAPABILITIES)
    if request.get("uid") is not None:
        os.setgroups([request["gid"]])
        os.setresgid(request["gid"], request["gid"], request["gid"])
        os.setresuid(request["uid"], request["uid"], request["uid"])
    if sys.platform == "linux":
        from . import libc

        if inside.namespaces or inside.restrict:
            libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
        else:
            # No namespace ends this process when the holder is killed. Set last: a change of user clears it.
            libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
