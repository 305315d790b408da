# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release says of data that is not its own yet, and of itself once it runs: asked by its own commands."""

from __future__ import annotations

import json
from typing import Any, Final

from .._base.errors import CollectionError
from .._gateway.cli import GatewayCli
from .._gateway.config_verdict import verdict
from .._openclaw.paths import get
from .._openclaw.releases import Release, facts, has_database_preflight

_COPY: Final = "/tmp/openclaw-database-preflight.sqlite"
# The command takes one consolidated file: the database with what its journal holds.
_CONSOLIDATE = """
// gateway-copy-database
const { existsSync, rmSync } = require("node:fs");
const [state, copy] = process.argv.slice(1);
const path = `${process.env.OPENCLAW_STATE_DIR || state}/state/openclaw.sqlite`;
if (existsSync(path)) {
  const { DatabaseSync } = require("node:sqlite");
  rmSync(copy, { force: true });
  new DatabaseSync(path).exec(`VACUUM INTO '${copy}'`);
  process.stdout.write("copied");
}
"""
# One request on loopback, where the probe names what fails.
_PROBE = """
// gateway-probe
const [path, port] = process.argv.slice(1);
fetch(`http://127.0.0.1:${process.env.OPENCLAW_GATEWAY_PORT || port}${path}`, { signal: AbortSignal.timeout(15000) })
  .then(async (answer) => process.stdout.write(JSON.stringify({ status: answer.status, body: await answer.text() })))
  .catch((error) => { process.stderr.write(String(error.cause || error)); process.exit(1); });
"""
_FINDINGS = 10
"""Of each kind that are returned."""


def config_problems(cli: GatewayCli, release: Release) -> list[str] | None:
    """What the release says of the config file before it migrates it; None where it has no such command."""
    if not facts(release).has_config_validate:
        return None
    return [str(problem) for problem in verdict(cli, "")][:_FINDINGS]


def database(cli: GatewayCli, release: Release, state: str) -> dict[str, Any] | None:
    """{status, found, target, reason} of the shared database; None where there is none, or no such command.

    `status` is exact, migration-required, incompatible or indeterminate.
    """
    if not has_database_preflight(release):
        return None
    copied = cli.node(_CONSOLIDATE, state, _COPY, safe=True)
    if copied["exit_code"]:
        reason = (copied["stderr"] or copied["stdout"]).strip()[-300:]
        return {"status": "indeterminate", "found": None, "target": None, "reason": reason}
    if not copied["stdout"].strip():
        return None
    said = cli.json("database", "preflight", _COPY, "--json")
    return {
        "status": str(said.get("status")),
        "found": said.get("foundVersion"),
        "target": said.get("targetVersion"),
        "reason": said.get("reason"),
    }


def readiness(cli: GatewayCli, release: Release) -> dict[str, Any] | None:
    """The body of the release's readiness probe; None where it has none. Raises when there is no answer."""
    path = facts(release).ready_path
    if path is None:
        return None
    ran = cli.node(_PROBE, path, "18789", safe=True)
    try:
        answer = json.loads(ran["stdout"])
        body = json.loads(answer["body"])
    except (ValueError, KeyError, TypeError):
        why = ran["stderr"].strip()[-300:] or "the answer is no JSON"
        raise CollectionError("the gateway's readiness probe does not answer", where=path, why=why) from None
    return {"status": answer["status"], "body": body}


def is_ready(seen: dict[str, Any] | None) -> bool:
    """Whether the body says so: the status alone proves nothing."""
    return seen is None or get(seen, "body", "ready") is True


def findings(cli: GatewayCli) -> list[dict[str, str]] | None:
    """Errors and warnings of `doctor --lint`, errors first; None where it does not answer: it takes 700 MB."""
    try:
        said = cli.json("doctor", "--lint", "--json")
    except CollectionError:
        return None
    names = {"check": "checkId", "severity": "severity", "message": "message"}
    found = [
        {key: str(each.get(name) or "") for key, name in names.items()} for each in get(said, "findings", default=[])
    ]
    return sorted(found, key=lambda each: each["severity"] != "error")[:_FINDINGS]
