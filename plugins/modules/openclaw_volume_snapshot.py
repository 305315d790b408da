#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_volume_snapshot
short_description: Create a consistent snapshot of a gateway's volume
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Suspends the gateway (C(gateway.suspend.prepare)), so that it ends what it does and starts nothing new, creates a
    snapshot of its volume, waits until the snapshot can be restored, and resumes the gateway, whatever happens
    meanwhile.
  - A release without these methods (before 2026.8.2) is stopped for the snapshot and started again, with a warning.
  - While the gateway is suspended it answers only C(/healthz). C(/startupz) and C(/readyz) return 503, so a Fly.io
    check on them fails, and Fly.io's proxy may route nothing to the machine. The suspension ends by itself two minutes
    after a run that was killed.
  - The contents of the gateway are counted before the snapshot, to compare a restore with.
attributes:
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: partial
    details: Every run creates a snapshot.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  process_group:
    description: The process group of the gateway's machine, if machines of several groups have a volume.
    type: str
  quiesce:
    description:
      - How to keep the gateway from writing while the snapshot is created.
      - V(auto) suspends it where the release can be suspended, otherwise stops its machine.
      - V(suspend) fails for a release that cannot be suspended.
      - V(stop) always stops its machine.
      - V(none) does neither. Such a snapshot is crash-consistent, as Fly.io's daily ones are.
      - If its machine is stopped already, none of them is needed; it stays stopped.
    type: str
    choices: [auto, suspend, stop, none]
    default: auto
  drain_timeout:
    description: Timeout in seconds for the gateway to end what it does. If it is over, the gateway is resumed and the
      task fails.
    type: float
    default: 120.0
  wait_timeout:
    description: Timeout in seconds for the snapshot to be ready, and for a stopped machine to be healthy again.
    type: float
    default: 600.0
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
  record_folder:
    description: Folder on the controller in which to keep one JSON file per run (mode 0600, no secrets) with what was
      done and counted. If omitted, none is written.
    type: path
  remember:
    description: Whether to note the snapshot in the machine's metadata, as the one that a rollback goes back to by
      default.
    type: bool
    default: true
seealso:
  - module: openclaw.fly.fly_volume_snapshot
  - module: openclaw.fly.fly_volume
"""

EXAMPLES = r"""
- name: Create a consistent snapshot
  openclaw.fly.openclaw_volume_snapshot:
    app: my-openclaw
    record_folder: .fly/my-openclaw/backups

- name: Create one only if the gateway need not be stopped
  openclaw.fly.openclaw_volume_snapshot:
    app: my-openclaw
    quiesce: suspend
"""

RETURN = r"""
volume:
  description: ID of the volume.
  returned: success
  type: str
snapshot:
  description: The new snapshot, as the Machines API returns it; null in check mode.
  returned: success
  type: dict
  contains:
    id:
      description: The snapshot's ID.
      type: str
    status:
      description: The snapshot's status; it can be restored once it is V(created).
      type: str
    created_at:
      description: When the snapshot was created.
      type: str
    retention_days:
      description: Number of days that Fly.io keeps it.
      type: int
  sample: {id: vs_9k3m, status: created, size: 1048576, created_at: "2026-09-20T10:00:00Z", retention_days: 5}
quiesced:
  description: How the gateway was kept from writing, V(suspend), V(stop), V(none) or V(stopped already).
  returned: success
  type: str
  sample: suspend
quiesced_seconds:
  description: Seconds from the first request to suspend or stop the gateway until it was resumed or healthy again.
  returned: success
  type: float
  sample: 6.2
release:
  description: The release that runs; null if the gateway was not asked or does not answer.
  returned: success
  type: str
  sample: 2026.9.6
counts:
  description: What the gateway contained right before; null if it does not answer, or for what it does not report.
  returned: success
  type: dict
  contains:
    sessions:
      description: Number of sessions of all agents.
      type: int
    cron_jobs:
      description: Number of cron jobs.
      type: int
    cron_job_ids:
      description: IDs of the cron jobs, at most 200.
      type: list
      elements: str
    devices:
      description: IDs of the paired devices.
      type: list
      elements: str
    agents:
      description: IDs of the agents.
      type: list
      elements: str
    channels:
      description: Accounts of channels, as C(channel/account).
      type: list
      elements: str
  sample: {sessions: 12, cron_jobs: 1, cron_job_ids: [daily], devices: [], agents: [main], channels: [telegram/default]}
record:
  description: The file in O(record_folder); null without one, or in check mode.
  returned: success
  type: str
  sample: .fly/my-openclaw/backups/20260920T100000Z-vol_9k3m.json
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: ["suspend the gateway, make a snapshot of vol_9k3m, resume it"]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: the gateway is busy, why: what it does did not end within 120 s}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.machines.writer import MachineWriter
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform
from ..module_utils._resources.gateway_snapshot import GatewaySnapshot, WantedGatewaySnapshot

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "process_group": {"type": "str"},
        "quiesce": {"type": "str", "choices": ["auto", "suspend", "stop", "none"], "default": "auto"},
        "drain_timeout": {"type": "float", "default": 120.0},
        "wait_timeout": {"type": "float", "default": 600.0},
        "owner": {"type": "str", "default": "1000:1000"},
        "record_folder": {"type": "path"},
        "remember": {"type": "bool", "default": True},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> GatewaySnapshot:
    app, timeout = params["app"], params["wait_timeout"]
    wanted = WantedGatewaySnapshot(
        app=app,
        group=params["process_group"],
        quiesce=params["quiesce"],
        drain_timeout=params["drain_timeout"],
        timeout=timeout,
        owner=params["owner"],
        record_folder=params["record_folder"],
        remember=params["remember"],
    )
    api = connect(params, context)
    gate = Gate(api, connect_platform(params, context), app, timeout, context.progress)
    return GatewaySnapshot(api, MachineWriter(api, gate, app), wanted, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
