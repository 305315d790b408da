# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How machines are updated, started, waited for and leased."""

from __future__ import annotations

from .._base import clock
from .budget import LARGE_MEMORY_MB
from .question import UNKNOWN, question
from .wire import Asked
from .world import Unanswered, World

_EXIT = {
    *("exit_code", "guest_exit_code", "guest_signal", "signal", "guest_error", "oom_killed", "requested_stop"),
    *("restarting", "exited_at"),
}


@question("A second machine, without a volume", "started")
def second_machine(world: World) -> str:
    made = world.ask("POST", "/machines", {"region": world.place.region, "config": world.config()})
    if not made.ok:
        raise Unanswered(f"{made}: {made.text}")
    world.made["second"] = str(made.json["id"])
    return world.settle("second", 180)


@question("Events of a machine that was just launched", UNKNOWN, rows=(49,))
def events_of_a_launch(world: World) -> str:
    events = world.ask("GET", world.machine("second")).json.get("events") or []
    return ", ".join(f"{event.get('type')} {event.get('status')}" for event in reversed(events))


def _update(world: World, **changes: object) -> Asked:
    return world.ask("POST", world.machine("second"), {"config": world.config(**changes)})


@question("State after an update of a stopped machine", "stopped", "started", rows=(1, 5))
def update_of_a_stopped_machine(world: World) -> str:
    world.stop("second")
    updated = _update(world, env={"CHECK": "2"})
    if not updated.ok:
        return f"{updated}: {updated.text}"
    version = str(updated.json.get("instance_id") or "")
    query = {"state": "started", "timeout": "20", **({"instance_id": version} if version else {})}
    waited = world.ask("GET", world.machine("second", "/wait"), query=query)
    world.made["waited"] = str(waited)
    return world.settle("second")


@question("Status of a wait for started after that update", "200", "400", "408", rows=(3,))
def wait_after_that_update(world: World) -> str:
    return world.id_of("waited")


@question(
    "Start straight after an update answered",
    "200 at once, *",
    "412 at once, *",
    "409 at once, *",
    rows=(2, 4),
    unsteady=True,
)
def start_after_an_update(world: World) -> str:
    world.idle("second")
    _update(world, env={"CHECK": "3"})
    first = world.ask("POST", world.machine("second", "/start"))
    state = world.settle("second")
    return f"{first} at once, {state} afterwards"


@question("Start of a machine that is started", UNKNOWN, rows=(7,))
def start_of_a_started_machine(world: World) -> str:
    world.idle("second")
    return str(world.ask("POST", world.machine("second", "/start")))


@question("A key of env that an update leaves out", "gone", rows=(6,))
def update_replaces_the_config(world: World) -> str:
    _update(world, env={"OTHER": "1"})
    world.settle("second")
    config = world.ask("GET", world.machine("second")).json.get("config") or {}
    return "stays" if "CHECK" in (config.get("env") or {}) else "gone"


@question("State after an update with skip_launch of a started machine", "stopped", rows=(9,))
def update_with_skip_launch(world: World) -> str:
    world.idle("second")
    world.ask("POST", world.machine("second"), {"config": world.config(), "skip_launch": True})
    return world.settle("second", among=("stopped",))


@question("Start after a stop", "200 *", rows=(11,))
def start_after_a_stop(world: World) -> str:
    world.idle("second")
    world.stop("second")
    answer = world.ask("POST", world.machine("second", "/start"))
    return f"{answer} previous_state={answer.json.get('previous_state')}"


@question("Wait with a timeout of 61", "400", rows=(30,))
def wait_longer_than_allowed(world: World) -> str:
    return str(world.ask("GET", world.machine("second", "/wait"), query={"state": "started", "timeout": "61"}))


@question("Wait for stopped without instance_id", "400", "408", "200", rows=(32,))
def wait_without_a_version(world: World) -> str:
    return str(world.ask("GET", world.machine("second", "/wait"), query={"state": "stopped", "timeout": "2"}))


@question("Wait that is not fulfilled in time", "408", rows=(31,))
def wait_in_vain(world: World) -> str:
    world.idle("second")
    version = world.ask("GET", world.machine("second")).json.get("instance_id")
    query = {"state": "stopped", "timeout": "2", "instance_id": version}
    return str(world.ask("GET", world.machine("second", "/wait"), query=query))


@question("A lease that is held", "409", rows=(25,))
def lease_that_is_held(world: World) -> str:
    taken = world.ask("POST", world.machine("second", "/lease"), {"ttl": 30})
    world.made["nonce"] = str((taken.json.get("data") or {}).get("nonce") or "")
    return str(world.ask("POST", world.machine("second", "/lease"), {"ttl": 30}))


@question("Form of a lease's nonce", UNKNOWN, rows=(27,))
def form_of_a_nonce(world: World) -> str:
    nonce = world.id_of("nonce")
    return f"{len(nonce)} {'hex digits' if set(nonce) <= set('0123456789abcdef') else 'characters'}"


@question("Update under a lease without its nonce", "409 with a text of the lease", rows=(26,))
def update_without_the_nonce(world: World) -> str:
    world.id_of("nonce")
    answer = _update(world)
    return f"{answer} {'with a text of the lease' if 'lease' in answer.text else 'with another text'}"


@question("Exec under a lease, without its nonce", "409", "200", rows=(13,))
def exec_without_the_nonce(world: World) -> str:
    world.id_of("nonce")
    return str(world.exec("second", ["true"]))


@question("Exec under a lease, with its nonce", "200", rows=(13,))
def exec_with_the_nonce(world: World) -> str:
    nonce = world.id_of("nonce")
    answer = world.exec("second", ["true"], nonce=nonce)
    world.ask("DELETE", world.machine("second", "/lease"), nonce=nonce)
    return str(answer)


@question("Release of a lease that nobody holds", "404", rows=(28,))
def release_of_no_lease(world: World) -> str:
    return str(world.ask("DELETE", world.machine("second", "/lease"), nonce="0123456789ab"))


@question("Events that are kept, at most", UNKNOWN, rows=(49, 51))
def events_of_a_machine(world: World) -> str:
    events = world.ask("GET", world.machine("second", "/events"), query={"limit": "50"}).list
    return "more than 20" if len(events) > 20 else "20" if len(events) == 20 else "less than 20"


@question("Keys of an exit, beside those that are recorded of Fly.io", UNKNOWN, rows=(50,))
def keys_of_an_exit(world: World) -> str:
    events = world.ask("GET", world.machine("second")).json.get("events") or []
    exits = [(event.get("request") or {}).get("exit_event") or {} for event in events if event.get("type") == "exit"]
    if not exits:
        return "no exit is kept"
    absent, more = sorted(_EXIT - exits[0].keys()), sorted(exits[0].keys() - _EXIT)
    return f"without {', '.join(absent) or 'none'}, with {', '.join(more) or 'none'}"


@question("Stop with an array as its body", UNKNOWN, rows=(83,))
def stop_with_an_array(world: World) -> str:
    return str(world.ask("POST", world.machine("second", "/stop"), []))


@question("A machine with two mounts", "400", rows=(45,))
def two_mounts(world: World) -> str:
    mounts = [{"volume": world.id_of("volume"), "path": f"/data{number}"} for number in (1, 2)]
    return str(world.ask("POST", "/machines", {"region": world.place.region, "config": world.config(mounts=mounts)}))


@question("A machine with a volume that another machine uses", "409", "412", rows=(42,))
def volume_in_use(world: World) -> str:
    config = world.config(mounts=[{"volume": world.id_of("volume"), "path": "/data"}])
    return str(world.ask("POST", "/machines", {"region": world.place.region, "config": config}))


@question("A machine with an unknown volume", "400", "404", rows=(41,))
def unknown_volume(world: World) -> str:
    config = world.config(mounts=[{"volume": "vol_00000000000000", "path": "/data"}])
    return str(world.ask("POST", "/machines", {"region": world.place.region, "config": config}))


@question("A machine with too little memory for its CPUs", "400", "422", rows=(44,))
def too_little_memory(world: World) -> str:
    config = world.config(guest={"cpu_kind": "shared", "cpus": 2, "memory_mb": 256})
    return str(world.ask("POST", "/machines", {"region": world.place.region, "config": config}))


@question("Suspend of a machine with more than 2 GB of memory", "4??", "200, *", rows=(77,))
def suspend_of_a_large_machine(world: World) -> str:
    guest = {"cpu_kind": "shared", "cpus": 2, "memory_mb": LARGE_MEMORY_MB}
    config = world.config(guest=guest)
    made = world.ask("POST", "/machines", {"region": world.place.region, "config": config})
    if not made.ok:
        raise Unanswered(f"{made}: {made.text}")
    world.made["large"] = str(made.json["id"])
    world.idle("large")
    answer = world.ask("POST", world.machine("large", "/suspend"))
    state = world.settle("large", among=("suspended", "stopped")) if answer.ok else ""
    world.ask("DELETE", world.machine("large"), query={"force": "true"})
    return f"{answer}, {state} afterwards" if answer.ok else str(answer)


@question("A machine that does not exist", "404", rows=(66,))
def unknown_machine(world: World) -> str:
    return str(world.ask("GET", "/machines/00000000000000"))


@question("Lists of machines in a row, until the limit", UNKNOWN, rows=(67,), unsteady=True)
def rate_limit(world: World) -> str:
    for number in range(1, 16):
        answer = world.ask("GET", "/machines", paced=False)
        if answer.status == 429:
            clock.sleep(3)
            told = "with" if "retry-after" in answer.headers else "without"
            return f"429 at request {number}, {told} Retry-After"
    return "15 without 429"
