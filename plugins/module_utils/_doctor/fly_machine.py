# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about machines: whether one runs, and how it ended."""

from __future__ import annotations

from .._fly.client.types import ExitEvent
from .._fly.machines.config import in_maintenance
from .._fly.machines.deployed import version_time
from .._fly.machines.gate import is_crash_looping
from .._fly.volumes.restoring import restoring
from .._openclaw import process
from . import machine_view
from .evidence import Evidence
from .finding import CRITICAL, INFO, WARNING, finding

_STUCK = 600.0
"""Seconds: Fly.io advises to wait ten minutes before a change counts as stuck."""
_HEAP_CODES = (134, -6)
_CONFIG_CODE = 78
_SMALLEST_MB, _ADVISED_MB = 1024, 2048
_DRAIN = 60
"""Seconds to stop in: enough for what is usually in flight. The gateway itself drains for up to 300."""


def _exits(seen: Evidence) -> list[ExitEvent]:
    """How its process ended without being asked to, newest first."""
    events = [(event.get("request") or {}).get("exit_event") for event in seen.machine.get("events") or []]
    return [ended for ended in events if ended and not ended.get("requested_stop")]


def _names(seen: Evidence) -> str:
    return ", ".join(f"machine {one['id']} is {one.get('state')}" for one in seen.gateways)


@finding(
    "fly.no_machine",
    CRITICAL,
    title="The app has no machine",
    cause="It was never deployed, or its machine was destroyed. Its volume still has the data, if it is there.",
    remedy="Run the playbook openclaw.fly.site",
    source="Machines API",
)
def no_machine(seen: Evidence) -> str | None:
    return None if seen.gateways else f"{len(seen.machines)} machines, and none of them runs a gateway"


@finding(
    "fly.not_started",
    CRITICAL,
    title="The machine does not run",
    cause="Somebody stopped it, Fly.io stopped it (autostop, restart limit, trial), or its process ended and the "
    "restart "
    "policy leaves it so.",
    remedy="Fix what the other findings name, then run the playbook openclaw.fly.site, or fly machine start ID",
    source="Machines API; Fly.io's machine states",
)
def not_started(seen: Evidence) -> str | None:
    running = [one for one in seen.gateways if one.get("state") == "started"]
    return None if running or not seen.gateways else _names(seen)


@finding(
    "fly.crash_loop",
    CRITICAL,
    title="The gateway ends and is started again, over and over",
    cause="It cannot start: its config, its state, its memory or its image.",
    remedy="Fix what the findings from the log name; site.yml puts a broken config right, also while it crashes",
    source="Machine events; openclaw-gateway exit codes (measured)",
)
def crash_loop(seen: Evidence) -> str | None:
    if not is_crash_looping(seen.machine):
        return None
    codes = ", ".join(str(ended.get("exit_code")) for ended in _exits(seen)[:5])
    return f"machine {seen.machine['id']} ended {len(_exits(seen))} times by itself, with exit codes {codes}"


@finding(
    "fly.out_of_memory",
    CRITICAL,
    title="The gateway was killed because the machine ran out of memory",
    cause="The kernel kills it without a line in its log. OpenClaw needs about 550 MB to boot, and each command or "
    "tool "
    "beside it 0.2 to 0.7 GB more.",
    remedy="Raise fly_app_vm_memory (2gb or more), keep the heap at 75 % of it, and run site.yml",
    source="Machine event oom_killed; openclaw#5966, #57303, #82518",
)
def out_of_memory(seen: Evidence) -> str | None:
    killed = [ended for ended in _exits(seen) if ended.get("oom_killed")]
    if not killed:
        return None
    heap = machine_view.heap_mb(seen.config)
    memory = machine_view.memory_mb(seen.config)
    return f"{len(killed)} times; memory {memory or 'unknown'} MB, heap limit {f'{heap} MB' if heap else 'not set'}"


@finding(
    "fly.heap_exit",
    CRITICAL,
    title="Node.js ended because its heap is full",
    cause="--max-old-space-size in NODE_OPTIONS is below what this gateway needs, while the machine may have memory "
    "left.",
    remedy="Raise --max-old-space-size in NODE_OPTIONS, up to 75 % of the machine's memory",
    source="Exit code 134 with 'Reached heap limit' (measured, 2026.9.6)",
)
def heap_exit(seen: Evidence) -> str | None:
    ended = next(iter(_exits(seen)), None)
    if not ended or ended.get("exit_code") not in _HEAP_CODES:
        return None
    return f"exit code {ended.get('exit_code')}, heap limit {machine_view.heap_mb(seen.config) or 'unknown'} MB"


@finding(
    "machine.exit_78",
    CRITICAL,
    title="The gateway refuses to start: exit code 78",
    cause="OpenClaw ends with 78 for what a restart does not change: a missing or invalid config, a state of a newer "
    "release, a lock, refused authentication. Fly.io restarts it all the same, ten times.",
    remedy="See the finding from its log, which names the cause; site.yml writes the declared config first and starts "
    "then",
    source="Exit codes of 2026.9.6 (measured); hackdays-io/toban#571",
)
def exit_78(seen: Evidence) -> str | None:
    ended = next(iter(_exits(seen)), None)
    healthy = seen.machine.get("state") == "started" and not is_crash_looping(seen.machine)
    if healthy or not ended or ended.get("exit_code") != _CONFIG_CODE:
        return None
    return f"machine {seen.machine['id']} ended with exit code 78"


@finding(
    "fly.stuck",
    WARNING,
    title="A change of the machine does not end",
    cause="Fly.io replaces or updates a machine within a minute; after ten minutes its host is in trouble.",
    remedy="See fly machine status ID; if it does not move, fork the volume to another host (fly_volume fork_from)",
    source="Kilo-Org/cloud#1251",
)
def stuck(seen: Evidence) -> str | None:
    machine = seen.machine
    since = seen.now - version_time(machine)
    if machine.get("state") not in ("replacing", "updating", "creating", "starting") or since < _STUCK:
        return None
    return f"machine {machine['id']} is {machine.get('state')} for {since / 60:.0f} minutes"


@finding(
    "fly.host_unreachable",
    CRITICAL,
    title="The host of the machine is unreachable",
    cause="The physical server is down or cut off. Machine and volume stay on it.",
    remedy="Wait for Fly.io (status.flyio.net); to go on now, restore the newest snapshot elsewhere with rollback.yml",
    source="host_status of the Machines API",
)
def host_unreachable(seen: Evidence) -> str | None:
    status = seen.machine.get("host_status")
    return f"machine {seen.machine['id']}: host_status {status}" if status not in (None, "ok") else None


@finding(
    "fly.maintenance",
    CRITICAL,
    title="The machine is in maintenance: no gateway runs in it",
    cause="A run of this collection was cut off while it worked on the volume.",
    remedy="Run the playbook openclaw.fly.site, which finishes it",
    source="Machine metadata of this collection",
    apply=True,
)
def maintenance(seen: Evidence) -> str | None:
    return f"machine {seen.machine['id']}" if in_maintenance(seen.config) else None


@finding(
    "fly.restore_cut_off",
    CRITICAL,
    title="A restore was cut off half-way",
    cause="A run was killed between stopping the old machine and proving the new one; deploys are refused until then.",
    remedy="Run the rollback again with the same snapshot",
    source="Machine metadata of this collection",
)
def restore_cut_off(seen: Evidence) -> str | None:
    found = [(one["id"], note.snapshot) for one in seen.machines if (note := restoring(one))]
    return "; ".join(f"machine {identity}, snapshot {snapshot}" for identity, snapshot in found) or None


@finding(
    "fly.cordoned",
    CRITICAL,
    title="Fly.io's proxy sends the machine no requests: it is cordoned",
    cause="A deploy or a restore was cut off, or somebody cordoned it.",
    remedy="Run fly machine uncordon ID",
    source="Machines API",
    apply=True,
)
def cordoned(seen: Evidence) -> str | None:
    return f"machine {seen.machine['id']}" if seen.machine.get("cordoned") else None


@finding(
    "fly.two_machines",
    CRITICAL,
    title="Two machines run the gateway, each with a state",
    cause="flyctl makes two machines for availability, or somebody scaled or cloned it. Requests reach either of them, "
    "and channels log in twice (Telegram 409, WhatsApp 440).",
    remedy="Look which one has the data to keep, then destroy the other: fly_machine with state absent. Its volume "
    "stays",
    source="flyctl deploy without --ha=false",
)
def two_machines(seen: Evidence) -> str | None:
    return _names(seen) if len(seen.gateways) > 1 else None


@finding(
    "fly.one_off",
    WARNING,
    title="A machine that no deploy manages serves requests",
    cause="A console, a clone or a machine of another program publishes a port; Fly.io's proxy sends requests to it "
    "too.",
    remedy="Destroy it: fly machine destroy ID",
    source="Fly.io's proxy balances over all machines of an app",
)
def one_off(seen: Evidence) -> str | None:
    ours = {one["id"] for one in seen.gateways}
    listed = [one["id"] for one in seen.machines if one["id"] not in ours and (one.get("config") or {}).get("services")]
    return ", ".join(f"machine {identity}" for identity in listed) or None


@finding(
    "fly.restart_policy",
    WARNING,
    title="The machine is not started again when the gateway ends with 0",
    cause="The gateway exits with 0 on some changes and updates; on-failure leaves it dead then, and gives up after "
    "ten "
    "restarts in five minutes.",
    remedy='Set fly_app_restart_policy: always ([[restart]] policy = "always"), and run site.yml',
    source="openclaw#73178, #122582; superfly/docs machine-restart-policy",
    apply=True,
)
def restart_policy(seen: Evidence) -> str | None:
    policy = (seen.config.get("restart") or {}).get("policy")
    return None if policy == "always" else f"restart policy {policy or 'not set (on-failure)'}"


@finding(
    "fly.kill_timeout",
    WARNING,
    title="Fly.io kills the gateway before it has finished its work",
    cause="Without kill_timeout Fly.io sends SIGKILL 5 s after the signal to stop. The gateway drains for up to five "
    "minutes; each deploy is close to a crash: turns are cut off, WhatsApp's keys are not written.",
    remedy='Set kill_timeout = "300s" in fly.toml (site.yml does)',
    source="superfly/docs long-running-tasks; OpenClaw docs/gateway/restart-recovery.md",
    apply=True,
)
def kill_timeout(seen: Evidence) -> str | None:
    given = (seen.config.get("stop_config") or {}).get("timeout")
    seconds = machine_view.seconds_of(given)
    return None if seconds >= _DRAIN else f"{given or 'not set, so 5 s'}"


@finding(
    "fly.memory_small",
    WARNING,
    title="The machine has too little memory for a gateway",
    cause="With 512 MB it never boots; with 1 GB a second command beside it, such as openclaw status, ends it.",
    remedy="Set fly_app_vm_memory: 2gb or more, and run site.yml",
    source="openclaw#5966, #136106 (peak memory measured with 2026.9.6)",
)
def memory_small(seen: Evidence) -> str | None:
    memory = machine_view.memory_mb(seen.config)
    if memory is None or memory >= _ADVISED_MB:
        return None
    return f"{memory} MB" + ("; it may not boot" if memory < _SMALLEST_MB else "")


@finding(
    "fly.heap_ratio",
    WARNING,
    title="Node.js may use more memory than the machine has",
    cause="The heap limit leaves less than a quarter of the machine's memory for everything else of the process.",
    remedy="Set --max-old-space-size in NODE_OPTIONS to at most 75 % of the machine's memory",
    source="Measured memory of 2026.9.6",
    apply=True,
)
def heap_ratio(seen: Evidence) -> str | None:
    memory, heap = machine_view.memory_mb(seen.config), machine_view.heap_mb(seen.config)
    if not memory or not heap or heap <= memory * process.HEAP_SHARE:
        return None
    return f"heap limit {heap} MB of {memory} MB"


@finding(
    "fly.moving_image",
    INFO,
    title="The image has no fixed version",
    cause="Its tag moves (latest, main) or is missing, so a deploy may bring another release without anybody asking.",
    remedy="Pin the release: fly_app_release",
    source="OpenClaw docs/install/docker.md",
)
def moving_image(seen: Evidence) -> str | None:
    image = str(seen.config.get("image") or "")
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return image if "@" not in image and tag in ("", "latest", "main", "edge", "beta", "stable") else None
