"""What every tier gives, and what only the sandbox does."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.hang import HANG

from fly_emulator.runtime.base import GuestFile, Runtime

SLEEP = ("sleep", "1000")


def test_proxy_and_checks_reach_the_gateway_and_6pn_does_not(start: Any, go: Any, runtime: Runtime) -> None:
    async def body() -> None:
        async with start() as one:
            await one.ready()
            assert (await one.get("/healthz", "proxy"))[1] == '{"ok":true,"status":"live"}'
            assert (await one.get("/startupz", "check"))[0] == 200
            assert (await one.get("/", "proxy", X_Forwarded_For="203.0.113.7"))[0] == 403
            peer = "172.19.10.1" if runtime.guarantees.private_network else "127.0.0.1"
            assert f"unattributable proxy-shaped traffic from {peer};" in one.text
            with pytest.raises(aiohttp.ClientConnectorError) as refused:
                await one.get("/healthz", "6pn")
            assert isinstance(refused.value.os_error, ConnectionRefusedError)

    go(body)


def test_6pn_reaches_an_ipv6_listener(start: Any, go: Any, runtime: Runtime) -> None:
    if not runtime.guarantees.private_network:
        pytest.skip("the port of the machine is another on the host in this tier")
    server = (
        "import http.server as h, socket; h.HTTPServer.address_family = socket.AF_INET6;"
        "h.HTTPServer(('::', 3000), h.SimpleHTTPRequestHandler).serve_forever()"
    )

    async def body() -> None:
        async with start(("node", "-c", server)) as one:
            deadline = time.monotonic() + HANG
            while True:
                try:
                    status, _ = await one.get("/", "6pn")
                    break
                except aiohttp.ClientConnectorError:
                    assert time.monotonic() < deadline, one.text
            assert status == 200

    go(body)


def test_a_port_where_nobody_listens_is_refused(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(SLEEP) as one:
            with pytest.raises(aiohttp.ClientConnectorError):
                await one.get("/")

    go(body)


def test_exec_has_stdin_both_outputs_and_the_exit_code(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(SLEEP) as one:
            big = os.urandom(300_000)
            result = await one.machine.exec(("sh", "-c", "cat; echo oops >&2; exit 3"), big, HANG)
            assert (result.exit_code, result.stdout == big, result.stderr) == (3, True, b"oops\n")
            assert not result.timed_out and result.exit_signal == 0
            killed = await one.machine.exec(("sh", "-c", "kill -TERM $$"), b"", HANG)
            assert (killed.exit_code, killed.exit_signal) == (143, signal.SIGTERM)
            missing = await one.machine.exec(("no-such-command",), b"", HANG)
            assert missing.exit_code == 127 and b"No such file" in missing.stderr

    go(body)


def test_exec_timeout_kills_the_whole_tree(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(SLEEP) as one:
            result = await one.machine.exec(("sh", "-c", "setsid sleep 777 & sleep 777"), b"", 0.3)
            assert result.timed_out and result.exit_code == 137
            assert not alive("sleep 777")

    go(body)


def test_exec_sees_the_machines_data_tmp_env_and_processes(start: Any, go: Any, runtime: Runtime) -> None:
    script = "echo main > /data/from-main; echo main > /tmp/from-main-$MARK; exec sleep 1000"

    async def body() -> None:
        mark = str(os.getpid())
        async with start(("sh", "-c", script), {"MARK": mark}) as one:
            code, text = await one.sh(
                "until [ -s /tmp/from-main-$MARK ]; do :; done;"
                "cat /data/from-main /tmp/from-main-$MARK; rm /tmp/from-main-$MARK"
            )
            assert (code, text) == (0, "main\nmain\n")
            if runtime.guarantees.private_root:
                _, seen = await one.sh("cat /proc/[0-9]*/comm > /tmp/all; sort -u /tmp/all")
                first = re.sub(r"python[\d.]*", "holder", seen).split()[:-2]
                assert first in (["bwrap", "cat"], ["init"], ["holder"]) and seen.split()[-2:] == ["sh", "sleep"]

    go(body)


def test_owners_hold_for_scripts_written_for_fly(start: Any, go: Any, runtime: Runtime) -> None:
    """What the collection's file script does: temporary file, owner, mode, sync, rename."""
    script = (
        'set -e; t=$(mktemp /data/.new.XXXXXX); cat > "$t"; chown 1000:1000 "$t"; chmod 600 "$t"; sync "$t" || sync;'
        "mv -f \"$t\" /data/openclaw.json; stat -c '%u:%g %a' /data /data/openclaw.json;"
        "sha256sum < /data/openclaw.json;"
        "base64 < /data/openclaw.json"
    )

    async def body() -> None:
        async with start(SLEEP) as one:
            code, text = await one.sh(script, b"{}")
            assert code == 0, text
            digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
            assert text.split() == ["1000:1000", "755", "1000:1000", "600", digest, "-", "e30="]
            # Where Python lies in a folder of root's alone, a plain process stays root, and files have one owner.
            if runtime.guarantees.owners == "real" and not any("running as root" in line for _level, line in one.log):
                assert (one.volume / "openclaw.json").stat().st_uid == 1000
                assert (await one.sh("id -u; touch /data/by-root; stat -c %u /data/by-root"))[1] == "0\n0\n"
                assert (one.volume / "by-root").stat().st_uid == 0

    go(body)


def test_the_images_user_can_write_where_it_must(start: Any, go: Any, runtime: Runtime) -> None:
    script = "id -u; touch /data/x /home/node/x /tmp/x.$$ && rm /tmp/x.$$ && echo written; exec sleep 1000"

    async def body() -> None:
        async with start(("sh", "-c", script)) as one:
            deadline = time.monotonic() + HANG
            while "written" not in one.text:
                assert time.monotonic() < deadline, one.text
                await one.sh("true")
            if runtime.guarantees.owners in ("real", "mapped"):
                as_root = "running as root" in one.text  # Python itself may lie where that user may not go
                assert ("info", "0" if as_root and not runtime.guarantees.private_root else "1000") in one.log

    go(body)


def test_stop_is_graceful(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start() as one:
            await one.ready()
            ended = await one.machine.stop(signal.SIGTERM, HANG)
            assert (ended.code, ended.signal, ended.oom_killed) == (0, 0, False)
            assert "[shutdown] completed cleanly" in one.text
            assert await one.machine.wait() == ended

    go(body)


def test_stop_kills_what_does_not_listen(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")) as one:
            deadline = time.monotonic() + HANG
            while "deaf" not in one.text:
                assert time.monotonic() < deadline, one.text
                await one.sh("true")
            ended = await one.machine.stop(signal.SIGTERM, 0.2)
            assert (ended.code, ended.signal, ended.oom_killed) == (137, signal.SIGKILL, False)

    go(body)


def test_exit_codes_and_children_left_behind(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(env={"FEATHER_CRASH": "78"}) as one:
            assert (await one.machine.wait()).code == 78
        async with start(("sh", "-c", "(setsid sleep 888 &) ; exit 5")) as one:
            assert (await one.machine.wait()).code == 5
            assert not alive("sleep 888")

    go(body)


def test_too_much_memory_is_an_oom_kill(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(env={"FEATHER_EAT_MB": "600"}, memory_mb=128) as one:
            ended = await one.machine.wait()
            assert (ended.code, ended.signal, ended.oom_killed) == (137, signal.SIGKILL, True)
            assert "limit of 128 MB" in one.text

    go(body)


def test_what_cannot_start_says_why(start: Any, go: Any) -> None:
    async def body() -> None:
        with pytest.raises(RuntimeError, match="cannot execute no-such-program: No such file"):
            async with start(("no-such-program",)):
                pass

    go(body)


def test_guest_files_and_a_fresh_root_at_each_start(start: Any, go: Any, runtime: Runtime, tmp_path: Path) -> None:
    files = (GuestFile("/etc/my/tool.conf", b"on", 0o640), GuestFile("/data/seed", b"seed"))

    async def body() -> None:
        async with start(SLEEP, files=files) as one:
            assert (await one.sh("cat /etc/my/tool.conf /data/seed; stat -c %a /etc/my/tool.conf"))[1] == "onseed640\n"
            if runtime.guarantees.private_root:
                assert (await one.sh("touch /var/left /tmp/left /data/kept"))[0] == 0
                assert (await one.sh("touch /usr/bin/x"))[0] != 0
                assert (await one.sh("ls /"))[1].split() == sorted(
                    {
                        "app",
                        "bin",
                        "data",
                        "dev",
                        "etc",
                        "home",
                        "lib",
                        "opt",
                        "proc",
                        "root",
                        "run",
                        "sbin",
                        "tmp",
                        "usr",
                        "var",
                    }
                    | {name for name in ("lib32", "lib64", "libx32") if Path("/", name).exists()}
                    | ({"sys"} if runtime.guarantees.tier == "container" else set())
                )
        if runtime.guarantees.private_root:
            async with start(SLEEP, volume=one.volume) as again:
                assert (await again.sh("ls /var/left /tmp/left /etc/my; ls /data/kept"))[1].count("No such file") == 3
                assert (again.volume / "kept").exists()

    go(body)


def test_a_frozen_machine_does_nothing_until_it_goes_on_where_it_was(start: Any, go: Any) -> None:
    script = "n=0; (while :; do sleep 0.01; done) & while :; do n=$((n + 1)); echo $n; sleep 0.01; done"

    async def body() -> None:
        async with start(("sh", "-c", script)) as one:
            deadline = time.monotonic() + HANG
            while len(one.log) < 5:
                assert time.monotonic() < deadline, one.text
                await asyncio.sleep(0.01)
            await one.machine.freeze(True)
            before = -1
            while before != len(one.log):  # what was written before is still being read
                assert time.monotonic() < deadline, one.text
                before = len(one.log)
                await asyncio.sleep(0.5)
            spent = cpu(one.machine.pid)
            await asyncio.sleep(0.3)
            assert (len(one.log), cpu(one.machine.pid)) == (before, spent)
            await one.machine.freeze(False)
            while len(one.log) < before + 5:
                assert time.monotonic() < deadline, one.text
                await asyncio.sleep(0.01)
            counted = [int(line) for level, line in one.log if level == "info"]
            assert counted == list(range(1, len(counted) + 1))
            await one.machine.freeze(True)
            assert (await one.machine.stop(signal.SIGKILL, 5)).code == 137

    go(body)


def cpu(pid: int) -> tuple[str, ...]:
    """The time that a process spent, in the kernel's ticks."""
    return tuple(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15])


def test_two_machines_side_by_side(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start() as one, start() as two:
            await one.ready()
            await two.ready()
            assert (await two.get("/", X_Real_IP="192.0.2.1"))[0] == 403
            assert "unattributable" in two.text and "unattributable" not in one.text
            assert (await one.sh("openclaw --version"))[1] == "OpenClaw 2026.9.6 (featherweight)\n"

    go(body)


def test_no_secret_in_any_argv(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(env={"OPENCLAW_GATEWAY_TOKEN": "s3cret-in-no-argv"}) as one:
            await one.ready()
            assert not alive("s3cret-in-no-argv")

    go(body)


def alive(words: str) -> list[str]:
    """Command lines on this host that hold these words."""
    found = []
    for entry in Path("/proc").iterdir():
        if re.fullmatch(r"\d+", entry.name):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if words in line and int(entry.name) != os.getpid():
                found.append(line)
    return found
