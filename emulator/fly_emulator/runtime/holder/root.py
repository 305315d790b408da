"""A root filesystem and a pid namespace without bubblewrap: the options of it that the sandbox uses, done here."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import NoReturn

from . import libc

BASE = "/tmp"
"""Where the new root is put together: a directory that every host has."""
OLD = "/.old"
KEPT = {
    os.ST_NOSUID: libc.MS_NOSUID,
    os.ST_NODEV: libc.MS_NODEV,
    os.ST_NOEXEC: libc.MS_NOEXEC,
    os.ST_NOATIME: libc.MS_NOATIME,
    os.ST_NODIRATIME: libc.MS_NODIRATIME,
    os.ST_RELATIME: libc.MS_RELATIME,
}
"""A bind mount may not be remounted without these where it has them."""
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def start_init(arguments: list[str]) -> tuple[int, int]:
    """Fork the init of new namespaces whose root is built from bubblewrap's `arguments`.

    Returns its pid and a descriptor: when that is closed the init ends, and all in its pid namespace with it.
    Raises OSError with what failed.
    """
    report_read, report_write = os.pipe()
    life_read, life_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(life_write)
        _between(arguments, report_write, life_read)
    for fd in (report_write, life_read):
        os.close(fd)
    with os.fdopen(report_read, "rb") as report:
        told = report.read().decode(errors="replace")
    os.waitpid(pid, 0)
    if not told.startswith("pid "):
        os.close(life_write)
        raise OSError(told or "the namespaces' init ended")
    return int(told[4:]), life_write


def _between(arguments: list[str], report: int, life: int) -> NoReturn:
    """Unshare, and fork the process that is the first of the pid namespace."""
    try:
        libc.unshare(libc.CLONE_NEWNS | libc.CLONE_NEWPID | libc.CLONE_NEWUTS | libc.CLONE_NEWIPC)
        ready_read, ready_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(report)
            os.close(ready_read)
            _init(arguments, ready_write, life)
        os.close(ready_write)
        with os.fdopen(ready_read, "rb") as ready:
            trouble = ready.read()
        os.write(report, trouble or f"pid {pid}".encode())
    except OSError as error:
        os.write(report, str(error).encode())
    finally:
        os._exit(0)


def _init(arguments: list[str], ready: int, life: int) -> NoReturn:
    try:
        libc.prctl(libc.PR_SET_NAME, "init")
        os.setsid()
        # Orphans of the machine come to this process: the kernel then reaps them by itself.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        _build(arguments)
        os.close(ready)
    except (OSError, ValueError) as error:
        os.write(ready, str(error).encode())
        os._exit(1)
    while os.read(life, 1):
        pass
    os._exit(0)


def _build(arguments: list[str]) -> None:
    libc.mount("none", "/", "", libc.MS_REC | libc.MS_PRIVATE)
    libc.mount("tmpfs", BASE, "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "mode=0755")
    os.mkdir(BASE + OLD)
    libc.pivot_root(BASE, BASE + OLD)
    os.chdir("/")
    for option, words, mode in _operations(arguments):
        _apply(option, words, mode)
    libc.detach(OLD)
    os.rmdir(OLD)


def _operations(arguments: list[str]) -> Iterator[tuple[str, list[str], int]]:
    """(option, its words, the mode set by --perms for it or 0)."""
    counts = {"--bind": 2, "--ro-bind": 2, "--symlink": 2, "--dir": 1, "--tmpfs": 1, "--proc": 1, "--dev": 1}
    counts |= {"--hostname": 1, "--perms": 1, "--uid": 1, "--gid": 1}
    rest = iter(arguments)
    mode = 0
    for option in rest:
        words = [next(rest) for _ in range(counts.get(option, 0))]
        if option == "--perms":
            mode = int(words[0], 8)
            continue
        yield option, words, mode
        mode = 0


def _apply(option: str, words: list[str], mode: int) -> None:
    if option == "--hostname":
        socket.sethostname(words[0])
    elif option == "--dir":
        os.makedirs(words[0], exist_ok=True)
        os.chmod(words[0], mode)
    elif option == "--symlink":
        os.symlink(words[0], words[1])
    elif option == "--tmpfs":
        _directory(words[0])
        libc.mount("tmpfs", words[0], "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, f"mode={mode or 0o755:o}")
    elif option == "--proc":
        _directory(words[0])
        libc.mount("proc", words[0], "proc", libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC)
    elif option == "--dev":
        _devices(words[0])
    elif option in ("--bind", "--ro-bind"):
        _bind(OLD + words[0], words[1], read_only=option == "--ro-bind")


def _bind(source: str, target: str, read_only: bool) -> None:
    if os.path.isdir(source):
        _directory(target)
    elif not os.path.exists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    libc.mount(source, target, "", libc.MS_BIND | libc.MS_REC)
    flags = libc.MS_BIND | libc.MS_REMOUNT | libc.MS_NOSUID | (libc.MS_RDONLY if read_only else 0)
    had = os.statvfs(target).f_flag
    libc.mount("none", target, "", flags | sum(flag for seen, flag in KEPT.items() if had & seen and not flags & flag))


def _devices(target: str) -> None:
    _directory(target)
    libc.mount("tmpfs", target, "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "mode=0755")
    for name in DEVICES:
        os.close(os.open(f"{target}/{name}", os.O_CREAT | os.O_WRONLY, 0o644))
        libc.mount(f"{OLD}/dev/{name}", f"{target}/{name}", "", libc.MS_BIND)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        os.symlink(f"/proc/self/fd/{number}", f"{target}/{name}")
    os.symlink("/proc/self/fd", f"{target}/fd")
    for name in ("shm", "pts"):
        os.mkdir(f"{target}/{name}")
    libc.mount("tmpfs", f"{target}/shm", "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "mode=1777")
    # Absent in kernels without it; then the machine has no terminals.
    with suppress(OSError):
        libc.mount(
            "devpts", f"{target}/pts", "devpts", libc.MS_NOSUID | libc.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620"
        )
        os.symlink("pts/ptmx", f"{target}/ptmx")


def _directory(path: str) -> None:
    os.makedirs(path, exist_ok=True)
