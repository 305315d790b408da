# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command in a machine may be, take in and give back."""

from __future__ import annotations

import secrets

from .question import question
from .wire import Asked
from .world import World

_BODIES = (10_000, 20_000, 200_000, 900_000, 2_000_000)


def _ended(answer: Asked) -> str:
    if not answer.ok:
        return str(answer)
    return f"200 exit_code={answer.json.get('exit_code')} exit_signal={answer.json.get('exit_signal')}"


@question("Command that a signal ends", "200 exit_code=* exit_signal=9", rows=(14,))
def exec_ended_by_a_signal(world: World) -> str:
    return _ended(world.exec("second", ["sh", "-c", "kill -9 $$"]))


@question("Command that the image has not", "4??", "5??", "200 exit_code=127 *", rows=(15,))
def exec_of_a_missing_command(world: World) -> str:
    return _ended(world.exec("second", ["no-such-command"]))


@question("Command that fails", "200 exit_code=3 *", rows=(20,))
def exec_that_fails(world: World) -> str:
    return _ended(world.exec("second", ["sh", "-c", "exit 3"]))


@question("Command that succeeds", "200 exit_code=0 *", "200 exit_code=None *")
def exec_that_succeeds(world: World) -> str:
    return _ended(world.exec("second", ["true"]))


@question("User of a command", "0", rows=(21,))
def exec_user(world: World) -> str:
    answer = world.exec("second", ["id", "-u"])
    return str(answer.json.get("stdout") or answer).strip()


@question("Words of a command line without a shell", "stay as they are", rows=(19,))
def exec_without_a_shell(world: World) -> str:
    answer = world.exec("second", ["echo", "$HOME", ";"])
    out = str(answer.json.get("stdout") or answer).strip()
    return "stay as they are" if out == "$HOME ;" else f"become {out[:40]!r}"


@question(
    "Largest text on a command's stdin, of 10 kB to 2 MB",
    *("10000,*", "20000,*", "200000,*", "900000,*", "2000000"),
    rows=(16,),
)
def exec_stdin(world: World) -> str:
    largest, refused = 0, ""
    for size in _BODIES:
        answer = world.exec("second", ["wc", "-c"], 20, body={"stdin": "a" * size})
        arrived = str(answer.json.get("stdout") or "").strip()
        if not answer.ok or arrived != str(size):
            refused = f", {size}: {f'{arrived} arrived' if answer.ok else answer}"
            break
        largest = size
    return f"{largest}{refused}"


@question("Largest machine config, of 100 kB, 900 kB and 1.1 MB", "900000,*", "1100000", rows=(16,))
def config_size(world: World) -> str:
    largest, refused = 0, ""
    for size in (100_000, 900_000, 1_100_000):
        files = [{"guest_path": "/tmp/large", "raw_value": "YWFh" * (size // 4)}]
        answer = world.ask("POST", world.machine("second"), {"config": world.config(files=files), "skip_launch": True})
        if not answer.ok:
            refused = f", {size}: {answer}"
            break
        largest = size
    world.ask("POST", world.machine("second"), {"config": world.config(), "skip_launch": True})
    world.idle("second")
    return f"{largest}{refused}"


@question("Bytes of 8 MB of output that arrive", "??????*", rows=(17,))
def exec_stdout(world: World) -> str:
    script = "head -c 8000000 /dev/zero | tr '\\0' a"
    answer = world.exec("second", ["sh", "-c", script], 20)
    return str(len(str(answer.json.get("stdout") or ""))) if answer.ok else str(answer)


def _count(pattern: str) -> str:
    """A script that counts processes; the pattern must not match itself."""
    return f"cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c '{pattern}'"


@question("Command that takes longer than its time", "408, its process *", rows=(18,))
def exec_over_its_time(world: World) -> str:
    marker = f"check-{secrets.token_hex(4)}"
    answer = world.exec("second", ["sh", "-c", f"sleep 33; : {marker}"], 2)
    left = world.exec("second", ["sh", "-c", _count(f"sleep 33; : [c]{marker[1:]}")])
    lives = str(left.json.get("stdout") or "0").strip() not in ("0", "")
    return f"{answer}, its process {'goes on' if lives else 'ends'}"


@question("Longest exec, of one that asks for 120 s", "*", rows=(18,), slow=True)
def exec_longest(world: World) -> str:
    answer = world.exec("second", ["sleep", "90"], 120, timeout=130.0)
    return f"{answer} after {round(answer.seconds / 5) * 5} s"


@question("Second command while one runs", "at the same time", "in turn", "unknown, *", rows=(23,))
def exec_beside_another(world: World) -> str:
    marker = f"check-{secrets.token_hex(4)}"
    # Its answer is not waited for: the connection is given up while it runs.
    world.exec("second", ["sh", "-c", f"sleep 6; : {marker}"], timeout=2.0)
    second = world.exec("second", ["sh", "-c", _count(f"sleep 6; : [c]{marker[1:]}")])
    if not second.ok:
        return str(second)
    if str(second.json.get("stdout") or "0").strip() not in ("0", ""):
        return "at the same time"
    return "in turn" if second.seconds > 2 else "unknown, the first ended with its connection"


@question("Command in a stopped machine", "412", "4??", rows=(24,))
def exec_on_a_stopped_machine(world: World) -> str:
    world.stop("second")
    answer = world.exec("second", ["true"])
    world.idle("second")
    return str(answer)
