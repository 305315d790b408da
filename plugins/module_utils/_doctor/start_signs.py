# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the log with which a gateway ends its start."""

from __future__ import annotations

from typing import Final

from .finding import CRITICAL, WARNING
from .sign import Sign

SIGNS: Final = (
    Sign(
        "gateway.log_heap",
        CRITICAL,
        r"JavaScript heap out of memory|Reached heap limit|AllocateInYoungGeneration",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "Node.js ends because its heap is full",
        "--max-old-space-size in NODE_OPTIONS is too low for what the gateway does.",
        "Raise it, up to 75 % of the machine's memory; then fly_app_vm_memory",
        "Measured with 2026.9.6 (64 MB)",
        fatal=True,
    ),
    Sign(
        "gateway.log_config_missing",
        CRITICAL,
        r"Missing config\. Run",
        "Missing config. Run openclaw setup or set gateway.mode=local (or pass --allow-unconfigured).",
        "The gateway does not start without a config",
        "openclaw.json does not exist, and the command has no --allow-unconfigured.",
        "Run the playbook openclaw.fly.site, which writes it before the gateway starts",
        "hackdays-io/toban#571",
        fatal=True,
    ),
    Sign(
        "gateway.log_mode",
        CRITICAL,
        r"missing gateway\.mode|gateway\.mode.* (?:blocked|unset|to be local)",
        "Gateway start blocked: existing config is missing gateway.mode.",
        "The gateway blocks its start: gateway.mode is missing",
        "A config without gateway.mode: local counts as damaged.",
        "Run site.yml, which writes it",
        "OpenClaw docs/gateway/troubleshooting.md",
        fatal=True,
        apply=True,
    ),
    Sign(
        "gateway.log_config_invalid",
        CRITICAL,
        r"Invalid config at ",
        "Gateway failed to start: Invalid config at /data/openclaw.json:",
        "The gateway does not start: openclaw.json is invalid",
        "A key is unknown to the release, or a value is wrong; the next lines name it.",
        "Correct it in the inventory and run site.yml, which works while the gateway crashes",
        "openclaw#25595, #89227, #8641",
        fatal=True,
    ),
    Sign(
        "gateway.log_origins",
        CRITICAL,
        r"requires gateway\.controlUi\.allowedOrigins",
        "Gateway failed to start: non-loopback Control UI requires gateway.controlUi.allowedOrigins",
        "The gateway does not start without allowed origins",
        "Since 2026.2.24 a gateway beyond loopback must list the origins of its Control UI.",
        "Run site.yml, which lists the app's names",
        "openclaw#27473, #34166, #71823",
        fatal=True,
        apply=True,
    ),
    Sign(
        "gateway.log_lock",
        CRITICAL,
        r"already owns this state directory|gateway already running \(pid",
        "Another gateway (pid 27499) already owns this state directory; refusing to run automatic startup migrations "
        "or "
        "report the gateway ready.",
        "The gateway does not start: another one holds its state",
        "A second gateway runs in the machine, or a process has the pid of a former one.",
        "Restart the machine; never remove a lock while its process may run",
        "OpenClaw docs/gateway/gateway-lock.md; measured with 2026.9.6 (exit code 78)",
        fatal=True,
    ),
    Sign(
        "gateway.log_lease",
        WARNING,
        r"owner lease is still active",
        "Another Gateway owner lease is still active for this state directory",
        "The gateway waits for the machine that had its state before",
        "The state belongs to the machine that used it last until five minutes after its last sign of life, as after a "
        "restore.",
        "Wait five minutes: it starts then",
        "Measured restores with 2026.9.6",
        fatal=True,
    ),
    Sign(
        "gateway.log_newer_schema",
        CRITICAL,
        r"newer schema|schema\(s\) are newer",
        "Gateway failed to start: Gateway refused startup because 2 OpenClaw database schema(s) are newer than this "
        "build",
        "The gateway does not start: its data is of a newer release",
        "The image was set back without the data. Nothing was lost: refused starts leave the data as it is.",
        "Start the newer release again, or go back with rollback.yml, data and image together",
        "Measured with 2026.8.2 on a state of 2026.9.6",
        fatal=True,
    ),
    Sign(
        "gateway.log_port_in_use",
        CRITICAL,
        r"is already in use|EADDRINUSE|another gateway instance is already listening",
        "another gateway instance is already listening on ws://0.0.0.0:3000 | listen EADDRINUSE: address already in "
        "use",
        "The gateway does not start: its port is taken",
        "A gateway was started by hand in the machine, or another process listens there.",
        "End it, or restart the machine",
        "Measured with 2026.9.6",
        fatal=True,
    ),
    Sign(
        "gateway.log_entrypoint",
        CRITICAL,
        r"Cannot find module '.*dist/index\.js'",
        "Error: Cannot find module '/app/dist/index.js'",
        "The image has no dist/index.js",
        "Some images start with openclaw.mjs; [processes] replaces the image's own command.",
        "Take the official image, or set fly_app_command to node openclaw.mjs gateway ...",
        "openclaw#25446",
        fatal=True,
    ),
)
