# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the running gateway, by what it answers in its machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._base import clock
from .._gateway.running_release import release_of
from .._openclaw.errors import InvalidValue
from .._openclaw.paths import get
from .._openclaw.releases import Release
from . import machine_view
from .evidence import Evidence, Unread
from .finding import CRITICAL, INFO, WARNING, finding
from .log_lines import shown

_LATE = 15 * 60.0
"""Seconds after its time from which a job counts as missed: a long run before it may delay it."""
_FAILURES = 3
_SESSIONS_SHARE = 0.4
_SESSIONS_BYTES = 1024**3
_MEMORY_SHARE = 0.85


@finding(
    "gateway.silent",
    CRITICAL,
    title="The gateway does not answer in its own machine",
    cause="It boots, hangs or crashed; or its token in the machine is another one than it takes.",
    remedy="See its log and the other findings; a boot takes up to 90 seconds",
    source="The gateway's protocol on loopback",
)
def silent(seen: Evidence) -> str | None:
    seen.read("inside")  # where commands cannot run at all, the machine is what is wrong
    try:
        seen.read("gateway")
    except Unread as reason:
        return shown(reason.why)
    return None


@finding(
    "gateway.config_invalid",
    CRITICAL,
    title="openclaw.json is not valid: the gateway will not start with it again",
    cause="A running gateway ignores an invalid edit; its next start ends with exit code 78.",
    remedy="Run site.yml, which writes the declared config",
    source="config.get of the gateway; openclaw#25595, #89227",
)
def config_invalid(seen: Evidence) -> str | None:
    state = seen.answer("config.get")
    if get(state, "valid") is not False:
        return None
    issues = get(state, "issues", default=[])
    return (
        "; ".join(f"{get(one, 'path')}: {shown(str(get(one, 'message')))}" for one in issues[:4]) or "no issue is named"
    )


@finding(
    "gateway.config_not_applied",
    WARNING,
    title="The gateway does not run what openclaw.json holds",
    cause="The change waits for a restart, or was refused.",
    remedy="Run the playbook openclaw.fly.configure",
    source="config.get of the gateway (since 2026.8.1)",
    apply=True,
)
def config_not_applied(seen: Evidence) -> str | None:
    state = seen.answer("config.get")
    applied, revision = get(state, "appliedConfigHash"), get(state, "configRevisionHash")
    return "its file was changed since" if applied and revision and applied != revision else None


@finding(
    "gateway.other_release",
    WARNING,
    title="Another release runs than the image names",
    cause="The gateway updated itself inside the machine; the next deploy takes that back, and the data stays as it "
    "is.",
    remedy="Deploy the release that runs (fly_app_release, upgrade.yml), and leave OPENCLAW_NO_AUTO_UPDATE=1 set",
    source="OpenClaw docs/install/fly.md; claworc#44",
)
def other_release(seen: Evidence) -> str | None:
    runs, named = str(seen.read("gateway").get("release") or ""), release_of(seen.machine)
    try:
        same = not runs or named is None or Release.parse(runs) == named
    except InvalidValue:
        return None
    return None if same else f"{runs} runs, the image is {named}"


@finding(
    "gateway.pairing_pending",
    INFO,
    title="A device waits for approval",
    cause="A browser or app logged in with the token for the first time (1008, pairing required).",
    remedy="Run the playbook openclaw.fly.pair, or openclaw.fly.open for a link that approves a browser",
    source="openclaw#2284, #6085, #23663",
)
def pairing_pending(seen: Evidence) -> str | None:
    pending = get(seen.answer("device.pair.list"), "pending", default=[])
    names = ", ".join(str(get(one, "clientId") or get(one, "deviceId") or "a device")[:40] for one in pending)
    return f"{len(pending)}: {names}" if pending else None


@finding(
    "gateway.plugin_error",
    WARNING,
    title="A plugin failed",
    cause="It does not fit the release, its packages are missing, or its settings are wrong.",
    remedy="Pin a version that fits the release in openclaw_config_packages, and run site.yml",
    source="health of the gateway; openclaw#76546, #139117",
)
def plugin_error(seen: Evidence) -> str | None:
    errors = get(seen.answer("health"), "plugins", "errors", default=[])
    return (
        "; ".join(shown(f"{get(one, 'id')}: {get(one, 'error') or get(one, 'message')}") for one in errors[:4]) or None
    )


@finding(
    "gateway.plugin_degraded",
    WARNING,
    title="A plugin works in part only",
    cause="Its files, packages or settings do not fit the release; the gateway goes on without what is missing.",
    remedy="Pin a version that fits the release in openclaw_config_packages, and run site.yml",
    source="status.degradedPlugins of the gateway",
)
def plugin_degraded(seen: Evidence) -> str | None:
    plugins = get(seen.answer("status"), "degradedPlugins", default=[])
    return (
        "; ".join(shown(f"{get(one, 'id') or get(one, 'pluginId')}: {get(one, 'reason')}") for one in plugins[:4])
        or None
    )


@finding(
    "gateway.secrets_degraded",
    WARNING,
    title="The gateway runs with the old value of a secret",
    cause="A file or command that a SecretRef names could not be read at the last reload; the value of before is kept.",
    remedy="Correct the secret's source, and reload: openclaw secrets reload",
    source="status.degradedSecretOwners (measured: reload answers ok all the same)",
)
def secrets_degraded(seen: Evidence) -> str | None:
    owners = get(seen.answer("status"), "degradedSecretOwners", default=[])
    lines = (f"{get(one, 'ownerKind')} {get(one, 'ownerId')}: {get(one, 'degradationState')}" for one in owners)
    return "; ".join(lines) or None


@finding(
    "gateway.cron_off",
    WARNING,
    title="Cron is off: no job and no heartbeat runs",
    cause="cron.enabled is false in the config, or OPENCLAW_SKIP_CRON is set.",
    remedy="Remove it, and run site.yml",
    source="cron.status of the gateway",
)
def cron_off(seen: Evidence) -> str | None:
    state = seen.answer("cron.status")
    return f"{get(state, 'jobs', default='?')} jobs" if get(state, "enabled") is False else None


def _jobs(seen: Evidence) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Enabled jobs: their names and states."""
    for job in get(seen.answer("cron.list"), "jobs", default=[]):
        if isinstance(job, Mapping) and job.get("enabled") is not False:
            yield shown(str(job.get("name") or job.get("id")))[:60], job.get("state") or {}


@finding(
    "gateway.cron_missed",
    WARNING,
    title="A cron job did not run when it was due",
    cause="The machine was stopped or suspended (autostop), cron is off, or a run before it hangs.",
    remedy="Switch autostop off; openclaw cron runs shows the job's past",
    source="cron.list of the gateway; kilocode#6741",
)
def cron_missed(seen: Evidence) -> str | None:
    late = [
        f"{name} was due {clock.text(due / 1000)}"
        for name, state in _jobs(seen)
        if isinstance(due := state.get("nextRunAtMs"), int | float)
        and seen.now - due / 1000 > _LATE
        and not state.get("runningAtMs")
    ]
    return "; ".join(late[:4]) or None


@finding(
    "gateway.cron_failing",
    WARNING,
    title="A cron job fails again and again",
    cause="Its agent has no model or key, its channel is down, or its message is refused.",
    remedy="See openclaw cron runs for the job",
    source="cron.list of the gateway",
)
def cron_failing(seen: Evidence) -> str | None:
    failing = [
        f"{name}: {count} times" + (f", {shown(str(state['lastError']))}" if state.get("lastError") else "")
        for name, state in _jobs(seen)
        if isinstance(count := state.get("consecutiveErrors"), int) and count >= _FAILURES
    ]
    return "; ".join(failing[:4]) or None


@finding(
    "gateway.cron_gave_up",
    WARNING,
    title="The gateway switched a cron job off",
    cause="It failed too often in a row, or its schedule cannot be computed.",
    remedy="Correct what its last error names, and enable it again: openclaw cron enable",
    source="cron.list (state.autoDisabled) of the gateway, 2026.9.6",
)
def cron_gave_up(seen: Evidence) -> str | None:
    jobs = get(seen.answer("cron.list"), "jobs", default=[])
    off = [(one, get(one, "state", "autoDisabled")) for one in jobs]
    lines = (f"{get(one, 'name') or get(one, 'id')}: {get(why, 'reason') or 'failures'}" for one, why in off if why)
    return "; ".join(map(shown, lines)) or None


@finding(
    "gateway.sessions_large",
    WARNING,
    title="The sessions take much of the volume",
    cause="Sessions and their transcripts grow without end unless session.maintenance prunes them.",
    remedy="Set session.maintenance in openclaw_config, or extend the volume",
    source="sessions.storage.status of the gateway; openclaw#44812",
)
def sessions_large(seen: Evidence) -> str | None:
    agents = get(seen.answer("sessions.storage.status"), "agents", default=[])
    sizes = [
        int(get(one, "databaseBytes", default=0) or 0) + int(get(one, "walBytes", default=0) or 0) for one in agents
    ]
    total, disk = sum(sizes), seen.inside.disk
    if total < _SESSIONS_BYTES and not (disk and total > disk[0] * _SESSIONS_SHARE):
        return None
    return f"{total // 1024**2} MB" + (f" of {disk[0] // 1024**2} MB" if disk else "")


@finding(
    "gateway.memory",
    WARNING,
    title="The gateway uses nearly all memory of its machine",
    cause="Many sessions, tools and plugins, or a leak; the kernel kills it at the limit.",
    remedy="Raise fly_app_vm_memory; restart it to see whether it grows again",
    source="system.info of the gateway; openclaw#82518",
)
def memory(seen: Evidence) -> str | None:
    used = get(seen.answer("system.info"), "processMemory", "rssBytes")
    total = machine_view.memory_mb(seen.config)
    if not isinstance(used, int) or not total or used < total * 1024**2 * _MEMORY_SHARE:
        return None
    return f"{used // 1024**2} MB of {total} MB"


@finding(
    "gateway.slow",
    WARNING,
    title="The gateway is slow: its event loop is blocked",
    cause="The CPU share is used up (shared CPUs are throttled), the disk is slow, or a plugin computes.",
    remedy="Give it more CPU: fly_app_vm_size",
    source="health.eventLoop of the gateway",
)
def slow(seen: Evidence) -> str | None:
    return ", ".join(map(str, get(seen.answer("health"), "eventLoop", "reasons", default=[]))) or None


@finding(
    "gateway.suspended",
    WARNING,
    title="The gateway is suspended: it takes no work",
    cause="A backup or an upgrade holds a suspend lease, or was cut off with it; it expires by itself.",
    remedy="Wait some minutes, or restart the machine",
    source="Calls are answered with gateway-suspending (measured with 2026.9.6)",
)
def suspended(seen: Evidence) -> str | None:
    reasons = {str(reason) for reason in seen.read("gateway")["refused"].values()}
    return next((shown(reason) for reason in reasons if "gateway suspension" in reason), None)


@finding(
    "gateway.key_refused",
    CRITICAL,
    title="A model's provider refuses the key, or it expired",
    cause="The key was revoked or mistyped, or a login (OAuth) expired.",
    remedy="Set the new key in fly_app_secrets, and run site.yml; log in again for OAuth",
    source="models.authStatus of the gateway",
)
def key_refused(seen: Evidence) -> str | None:
    providers = get(seen.answer("models.authStatus"), "providers", default=[])
    bad = [one for one in providers if str(get(one, "status")) in ("expired", "invalid", "error", "refused")]
    return ", ".join(f"{get(one, 'provider')}: {get(one, 'status')}" for one in bad) or None


@finding(
    "gateway.login_expiring",
    WARNING,
    title="A login at a model's provider expires soon",
    cause="It is an OAuth login that was not renewed.",
    remedy="Log in again: openclaw models auth login",
    source="models.authStatus of the gateway",
)
def login_expiring(seen: Evidence) -> str | None:
    providers = get(seen.answer("models.authStatus"), "providers", default=[])
    return ", ".join(str(get(one, "provider")) for one in providers if get(one, "status") == "expiring") or None
