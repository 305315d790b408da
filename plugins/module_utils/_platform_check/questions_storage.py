# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes, snapshots, secrets and addresses. The last of these destroy what the others were asked of."""

from __future__ import annotations

from .._base import clock
from .question import UNKNOWN, question
from .world import Unanswered, World

_GONE = ("pending_destroy", "destroyed", "destroying", "scheduling_destroy")
_SNAPSHOTS_WITHIN, _DETACHED_WITHIN = 300.0, 120.0


@question("Digest of a secret that is set to the same value again", "the same", rows=(81,))
def secret_digest(world: World) -> str:
    value = world.secret("CHECK_SAME")
    digests = []
    for _turn in range(2):
        world.ask("POST", "/secrets", {"values": {"CHECK_SAME": value}})
        listed = world.ask("GET", "/secrets").json.get("secrets") or []
        digests.append(next((each.get("digest") for each in listed if each.get("name") == "CHECK_SAME"), None))
    if None in digests:
        raise Unanswered("the secret is not in the list")
    return "the same" if digests[0] == digests[1] else "another one"


@question("Value in a machine that is updated at once, without min_secrets_version", "new", "old", rows=(8,))
def secret_without_its_version(world: World) -> str:
    value = world.secret("CHECK_SAME")
    world.ask("POST", "/secrets", {"values": {"CHECK_SAME": value}})
    world.ask("POST", world.machine("second"), {"config": world.config(env={"CHECK": "9"})})
    world.idle("second")
    found = str(world.exec("second", ["printenv", "CHECK_SAME"]).json.get("stdout") or "").strip()
    return "new" if found == value else "old" if found else "none"


@question("Version in the answer to setting a secret", "in the answer", rows=(8,))
def secret_version(world: World) -> str:
    answer = world.ask("POST", "/secrets", {"values": {"CHECK_SAME": world.secret("CHECK_SAME")}})
    found = any(answer.json.get(key) for key in ("version", "Version"))
    return "in the answer" if found else "not in the answer"


@question("Answer to a single secret", UNKNOWN, rows=(80,))
def single_secret(world: World) -> str:
    value = world.secret("CHECK_ONE")
    answer = world.ask("POST", "/secrets/CHECK_ONE", {"value": value})
    return f"{answer} {'with' if value in str(answer.body) else 'without'} its value"


@question("A volume's name with a dash", "400", "422", rows=(60,))
def volume_name(world: World) -> str:
    body = {"name": "no-such-name", "region": world.place.region, "size_gb": 1}
    return str(world.ask("POST", "/volumes", body))


@question("States of a fork", UNKNOWN, rows=(56,), unsteady=True)
def states_of_a_fork(world: World) -> str:
    body = {"name": "check_fork", "region": world.place.region, "source_volume_id": world.id_of("volume")}
    made = world.ask("POST", "/volumes", body)
    if not made.ok:
        return f"{made}: {made.text}"
    states = [str(made.json.get("state"))]

    def look() -> str:
        state = str(world.ask("GET", f"/volumes/{made.json.get('id')}").json.get("state"))
        if state != states[-1]:
            states.append(state)
        return state

    world.poll(look, lambda state: state == "created", 300, 5)
    return ", ".join(states)


@question("New snapshots of two requests in a row", "1 *", "2 *", "0 *", rows=(55,), unsteady=True)
def snapshots_in_a_row(world: World) -> str:
    path = f"/volumes/{world.id_of('volume')}/snapshots"
    before = {each.get("id") for each in world.ask("GET", path).list}
    asked = [str(world.ask("POST", path)) for _turn in range(2)]
    began, at = clock.monotonic(), 0.0
    found = 0

    def look() -> str:
        nonlocal found, at
        new = {each.get("id") for each in world.ask("GET", path).list} - before
        if len(new) > found:
            found, at = len(new), clock.monotonic() - began
        done = found >= len(asked) or (found and clock.monotonic() - began > at + 60)
        return "done" if done else "waiting"

    world.poll(look, lambda seen: seen == "done", _SNAPSHOTS_WITHIN, 5)
    when = "at once" if at < 5 else f"within {30 * (1 + int(at) // 30)} s"
    return f"{found} {when} ({', '.join(asked)})"


@question("Network of a private address that is asked for without one", UNKNOWN, rows=(68,))
def network_of_a_private_address(world: World) -> str:
    return _network(world, {"type": "private_v6"})


@question("Network of a private address that names the app's", "the app's", rows=(68,))
def network_that_is_named(world: World) -> str:
    return _network(world, {"type": "private_v6", "network": world.place.app})


def _network(world: World, body: dict[str, str]) -> str:
    answer = world.ask("POST", "/ip_assignments", body)
    if not answer.ok:
        return f"{answer}: {answer.text}"
    name = (answer.json.get("network") or {}).get("name")
    if name is None:
        return "not in the answer"
    return "the app's" if name == world.place.app else "the organization's default" if not name else f"{name}"


@question("Addresses that cost nothing", "shared_v4 200, v6 200", rows=(70,))
def free_addresses(world: World) -> str:
    return ", ".join(f"{kind} {world.ask('POST', '/ip_assignments', {'type': kind})}" for kind in ("shared_v4", "v6"))


@question("Removal of a volume that a machine has", "412", rows=(57,))
def removal_of_a_bound_volume(world: World) -> str:
    return str(world.ask("DELETE", f"/volumes/{world.id_of('volume')}"))


@question("Volume after its machine was destroyed", "free *", rows=(58,), unsteady=True)
def volume_after_its_machine(world: World) -> str:
    path = f"/volumes/{world.id_of('volume')}"
    world.ask("DELETE", world.machine("gateway"), query={"force": "true"})
    began = clock.monotonic()
    holder = world.poll(
        lambda: str(world.ask("GET", path).json.get("attached_machine_id") or ""),
        lambda machine: not machine,
        _DETACHED_WITHIN,
    )
    took = clock.monotonic() - began
    if holder:
        return f"held for more than {_DETACHED_WITHIN:.0f} s"
    return "free at once" if took < 3 else f"free within {15 * (1 + int(took) // 15)} s"


@question("A destroyed machine that is looked at", "200 destroyed", "404 *", rows=(34,))
def destroyed_machine(world: World) -> str:
    answer = world.ask("GET", world.machine("gateway"))
    return f"{answer} {answer.json.get('state') or 'gone'}"


@question("A removed volume that is looked at", "200 on its way out", "404 *", rows=(59,))
def removed_volume(world: World) -> str:
    path = f"/volumes/{world.id_of('volume')}"
    world.ask("DELETE", path)
    answer = world.ask("GET", path)
    state = str(answer.json.get("state") or "gone")
    return f"{answer} {'on its way out' if state in _GONE else state}"
