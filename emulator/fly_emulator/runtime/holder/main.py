"""The holder's loop: obey the channel, reap, and leave nothing behind."""

from __future__ import annotations

import base64
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

from . import oom
from .channel import Closed, Decoder, Message, send
from .spawn import Inside, call, spawn
from .tree import descendants

MAIN = 0
"""The id of the main process; those of `exec` are 1 and up."""


class Holder:
    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.decoder = Decoder(channel)
        self.inside = Inside()
        self.sandbox: subprocess.Popen[bytes] | None = None
        self.processes: dict[int, int] = {}
        """pid to id."""
        self.ended: int | None = None
        """The main process's wait status."""
        self.keepers: frozenset[int] = frozenset()
        """The processes that make the sandbox: they go on while the machine's are frozen."""
        self.in_container = False
        """Whether this process is the first of a container that an engine made."""
        self.life = -1
        """Open as long as an init of ours shall live."""

    def run(self) -> None:
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        selector = selectors.DefaultSelector()
        selector.register(self.channel, selectors.EVENT_READ)
        selector.register(wake_read, selectors.EVENT_READ)
        try:
            while self.ended is None:
                for key, _ in selector.select():
                    if key.fileobj is self.channel:
                        for message, fds in self.decoder.read():
                            self._obey(message, fds)
                    else:
                        os.read(wake_read, 4096)
                        self._reap()
        except (Closed, ConnectionError):
            pass
        finally:
            self._end_all()
        if self.ended is not None:
            killed = oom.kills(oom.OWN) if self.in_container else 0
            self._tell({"op": "ended", "status": self.ended, "oom_kills": killed})

    def _obey(self, message: Message, fds: list[int]) -> None:
        try:
            match message["op"]:
                case "start":
                    self._start(message, fds)
                case "exec":
                    pid = spawn(self.inside, message, (fds[0], fds[1], fds[2]))
                    self.processes[pid] = message["id"]
                    self._tell({"op": "spawned", "id": message["id"], "pid": pid})
                case "signal":
                    self._signal(message["id"], message["signal"], message.get("tree", False))
                case "freeze":
                    self._freeze(message["frozen"])
                    self._tell({"op": "done", "id": message["id"]})
                case "network":
                    self._network(message)
                case "socket":
                    self._socket(message)
                case _:
                    self._switch(message)
        except OSError as error:
            number = error.errno or 0
            self._tell(
                {"op": "failed", "id": message.get("id", MAIN), "error": error.strerror or str(error), "errno": number}
            )
        finally:
            for fd in fds:
                os.close(fd)

    def _start(self, message: Message, fds: list[int]) -> None:
        if sys.platform == "linux":
            from . import libc

            libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
        if message.get("sandbox"):
            self._make_sandbox(message["sandbox"])
        self.in_container = message.get("container", False)
        self.inside.restrict |= self.in_container
        self.inside.cgroups = message["cgroups"]
        if message.get("root"):
            call(self.inside, lambda: _prepare(message["root"]))
        with open(os.devnull, "rb") as nothing:
            pid = spawn(self.inside, message, (nothing.fileno(), fds[0], fds[1]))
        self.processes[pid] = MAIN
        self._tell({"op": "started", "id": MAIN, "pid": pid})

    def _network(self, message: Message) -> None:
        """The machine's addresses, in a namespace of their own unless a container is one already."""
        from . import netns

        if message["new"]:
            netns.enter_new(message["uid"], message["gid"])
        note = netns.configure(message["ipv4"], message["ipv6"])
        self._tell({"op": "done", "id": message["id"], "note": note})

    def _switch(self, message: Message) -> None:
        from . import netns, switch

        match message["op"]:
            case "switch":
                switch.begin(message["addresses"])
            case "attach":
                words = ("name", "pid", "theirs", "destination", "prefix", "address")
                switch.attach(*(message[word] for word in words))
            case "address":
                change = netns.add_address if message["present"] else netns.remove_address
                change(netns.LOOPBACK, message["address"], 128)
            case "up":
                netns.up(socket.if_nametoindex(message["name"]))
            case "route":
                index = socket.if_nametoindex(message["name"])
                netns.add_route(message["address"], 128, index, gateway=message["gateway"])
        self._tell({"op": "done", "id": message["id"]})

    def _make_sandbox(self, wanted: dict[str, Any]) -> None:
        """Namespaces: all but the network by bubblewrap around a `cat`, or by an init of ours."""
        from . import libc

        as_root = os.geteuid() == 0
        init = self._run_bwrap(wanted) if wanted["bwrap"] else self._run_init(wanted)
        kinds = [("mnt", libc.CLONE_NEWNS), ("uts", libc.CLONE_NEWUTS), ("ipc", libc.CLONE_NEWIPC)]
        if wanted["bwrap"] and not as_root:
            kinds.append(("user", libc.CLONE_NEWUSER))
        self.inside.namespaces = [(os.open(f"/proc/{init}/ns/{name}", os.O_RDONLY), kind) for name, kind in kinds]
        self.inside.restrict = as_root
        # Children of this process, from here on, are born in the machine's pid namespace.
        pid_namespace = os.open(f"/proc/{init}/ns/pid", os.O_RDONLY)
        libc.setns(pid_namespace, libc.CLONE_NEWPID)
        os.close(pid_namespace)
        self.keepers = frozenset(descendants(os.getpid()))

    def _run_bwrap(self, wanted: dict[str, Any]) -> int:
        """The pid of the init that bubblewrap leaves in the namespaces."""
        arguments = os.memfd_create("bwrap-args")
        os.write(arguments, b"\0".join(word.encode() for word in wanted["arguments"]) + b"\0")
        os.lseek(arguments, 0, os.SEEK_SET)
        status_read, status_write = os.pipe()
        self.sandbox = subprocess.Popen(
            [wanted["bwrap"], "--args", str(arguments), "--json-status-fd", str(status_write), "--", wanted["cat"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(arguments, status_write),
            env={},
        )
        os.close(arguments)
        os.close(status_write)
        assert self.sandbox.stdin and self.sandbox.stdout and self.sandbox.stderr
        # What cat gives back says that the root is complete.
        with suppress(BrokenPipeError):
            self.sandbox.stdin.write(b"\n")
            self.sandbox.stdin.flush()
        if self.sandbox.stdout.read(1) != b"\n":
            self.sandbox.wait()
            raise OSError(f"bubblewrap: {self.sandbox.stderr.read().decode(errors='replace').strip()}")
        with os.fdopen(status_read, "rb") as status:
            return int(json.loads(status.readline())["child-pid"])

    def _run_init(self, wanted: dict[str, Any]) -> int:
        """The pid of our own init. It is a child of this process, the nearest subreaper, and dies with it."""
        from . import root

        init, self.life = root.start_init(wanted["arguments"])
        return init

    def _socket(self, message: Message) -> None:
        """A socket of this network, bound but neither connected nor listening: that is for the emulator."""
        family = socket.AF_INET6 if message["family"] == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM if message.get("datagrams") else socket.SOCK_STREAM) as made:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if message.get("source"):
                made.bind((message["source"], message.get("port", 0)))
            send(self.channel, {"op": "socket", "id": message["id"]}, [made.fileno()])

    def _signal(self, process_id: int, number: int, tree: bool) -> None:
        for pid, known in list(self.processes.items()):
            if known == process_id:
                for target in [*(descendants(pid) if tree else ()), pid]:
                    with suppress(ProcessLookupError):
                        os.kill(target, number)

    def _freeze(self, frozen: bool) -> None:
        """Stop or continue all processes of the machine, those born meanwhile too."""
        done = set(self.keepers)
        while found := set(descendants(os.getpid())) - done:
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)
            done |= found

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self.sandbox and pid == self.sandbox.pid:
                self.sandbox.returncode = os.waitstatus_to_exitcode(status)
                continue
            process_id = self.processes.pop(pid, None)
            if process_id == MAIN:
                self.ended = status
            elif process_id is not None:
                self._tell({"op": "exited", "id": process_id, "status": status})

    def _end_all(self) -> None:
        """Kill and reap until no child is left."""
        for _ in range(1000):
            if self.sandbox and self.sandbox.returncode is None:
                # Its end, and with it that of the pid namespace's init, kills all within.
                with suppress(ProcessLookupError):
                    os.kill(self.sandbox.pid, signal.SIGKILL)
            for pid in descendants(os.getpid()):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            for pid in self.processes:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
            main_status = self.ended
            self._reap()
            self.ended = main_status if main_status is not None else self.ended
            if not self.processes and not descendants(os.getpid()):
                return
            time.sleep(0.005)

    def _tell(self, message: Message) -> None:
        with suppress(OSError):
            send(self.channel, message, [])


def _prepare(root: dict[str, Any]) -> None:
    """Fill the fresh root: directories and links with their owners, then files."""
    for path, mode, uid, gid in root["directories"]:
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        os.chown(path, uid, gid)
    for path, uid, gid in root["owners"]:
        os.chown(path, uid, gid)
    for path, content, mode in root["files"]:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(content))
        os.chmod(path, mode)


def main() -> None:
    """Serve the channel given in argv[1]: a descriptor's number or a socket's path."""
    os.umask(0o022)
    where = sys.argv[1]
    with socket.socket(fileno=int(where)) if where.isdigit() else socket.socket(socket.AF_UNIX) as channel:
        if not where.isdigit():
            channel.connect(where)
        channel.set_inheritable(False)
        Holder(channel).run()
