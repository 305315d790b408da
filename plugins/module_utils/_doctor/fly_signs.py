# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of Fly.io and flyctl: in an app's log, and errors of deploys."""

from __future__ import annotations

from typing import Final

from .finding import CRITICAL, INFO, WARNING
from .sign import Sign

SIGNS: Final = (
    Sign(
        "fly.log_out_of_memory",
        CRITICAL,
        r"Out of memory: Killed process",
        "Out of memory: Killed process 321 (node) total-vm:22481244kB, anon-rss:1874520kB",
        "The kernel killed the gateway for memory",
        "The machine has less memory than the gateway and its tools need together.",
        "Raise fly_app_vm_memory (2gb or more), and run site.yml",
        "OpenClaw docs/install/fly.md; openclaw#57303",
        fatal=True,
    ),
    Sign(
        "fly.log_restart_limit",
        CRITICAL,
        r"reached its max restart count",
        "machine has reached its max restart count of 10",
        "Fly.io gave up restarting the machine",
        "The gateway ended ten times within five minutes.",
        "Fix what the lines before name, then run site.yml, which starts it",
        "superfly/docs machine-restart-policy",
        fatal=True,
    ),
    Sign(
        "fly.log_trial",
        CRITICAL,
        r"Trial machine stopping",
        "Trial machine stopping. To run for longer than 5m0s, add a credit card by visiting https://fly.io/trial.",
        "Fly.io stops the machine after five minutes: the organization is on trial",
        "Fly.io has no free tier; a trial's machines run for five minutes each.",
        "Add a credit card at https://fly.io/trial",
        "superfly/docs free-trial",
    ),
    Sign(
        "fly.log_listening",
        INFO,
        r"not listening on the expected address",
        "WARNING The app is not listening on the expected address and will not be reachable by fly-proxy.",
        "flyctl warns that the app does not listen",
        "flyctl looks a few seconds after the start; a gateway needs up to a minute. If it stays so, the gateway "
        "listens on "
        "loopback or on another port.",
        "Wait for the health check; then see fly.port and fly.bind",
        "flyctl#3358; openclaw#54222",
        log=False,
    ),
    Sign(
        "fly.error_no_room",
        CRITICAL,
        r"insufficient resources to create new machine with existing volume",
        "insufficient resources to create new machine with existing volume 'vol_4qlx2n3zk9ed5mk4'",
        "The volume's host has no room for the machine",
        "A volume is on one server, and a machine must be beside it.",
        "Copy the volume to another host: fly_volume with fork_from, then fly_deploy with volume. Never begin empty",
        "Kilo-Org/cloud#388, #1059",
        log=False,
    ),
    Sign(
        "fly.error_quota",
        CRITICAL,
        r"over the allowed quota",
        "organization is over the allowed quota for machines; consider other regions",
        "The organization's quota is used up",
        "Fly.io limits machines and memory of an organization, by region.",
        "Destroy what is not needed, choose another region, or ask Fly.io for more",
        "Kilo-Org/cloud#516, #1694",
        log=False,
    ),
    Sign(
        "fly.error_registry",
        CRITICAL,
        r"(?i)failed to (?:get|pull|resolve).{0,30}(?:manifest|image)|manifest unknown|MANIFEST_UNKNOWN",
        "failed to get manifest ghcr.io/openclaw/openclaw:2026.9.99: manifest unknown",
        "Fly.io cannot fetch the image",
        "The tag does not exist, the registry needs a login that Fly.io does not have, or it is unreachable.",
        "Check the tag (fly_app_release); push a private image to registry.fly.io",
        "Fly.io's image resolution",
        log=False,
    ),
    Sign(
        "fly.error_lease",
        WARNING,
        r"lease currently held by",
        "machine ID 3287abc lease currently held by 1d2f@tokens.fly.io, expires at 2026-11-26T10:00:00Z",
        "Another program changes the machine just now",
        "A second deploy or run holds its lease; it expires within minutes.",
        "Wait for it, and run again",
        "flyctl#1728, #3815",
        log=False,
    ),
)
