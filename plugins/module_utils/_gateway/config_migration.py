# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's own migration of a config, run in its machine; nothing is written there.

The release has the same function run at its start and by `doctor --fix`. Calling it costs 1.4 s and 250 MB on a quiet
machine, a start in a scratch folder 42 s (2026.9.6). Its file's name has a hash, so it is found by its beginning.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .._base.errors import CollectionError
from .._base.files import write_file
from .._openclaw.old_forms import rewrite_refused, without_install_records
from .._openclaw.releases import Release
from .._openclaw.roster import with_owners
from .cli import GatewayCli

SCRIPT: Final = r"""
const fs = require("node:fs"), path = require("node:path"), zlib = require("node:zlib");
const { pathToFileURL } = require("node:url");
const done = (told) => process.stdout.write(
  "\nmigrated:" + zlib.gzipSync(JSON.stringify(told)).toString("base64") + "\n", () => process.exit(0));
(async () => {
  const config = JSON.parse(zlib.gunzipSync(Buffer.from(fs.readFileSync(0, "utf8"), "base64")));
  const dist = path.resolve("dist");
  const file = fs.readdirSync(dist).find((name) => /^legacy-config-migrate-.*\.m?js$/.test(name));
  if (!file) return done({ missing: true });
  const module = await import(pathToFileURL(path.join(dist, file)));
  const exported = Object.values(module).filter((each) => typeof each === "function");
  const migrate = exported.find((each) => each.name === "migrateLegacyConfig");
  if (!migrate) return done({ missing: true });
  const { config: judged, sourceConfig, changes } = migrate(config, {});
  done({ config: sourceConfig ?? judged, judged: sourceConfig ? judged : null, changes });
})().catch((error) => done({ error: String(error && error.message || error) }));
"""


@dataclass(frozen=True, slots=True)
class Declared:
    """The declared config in the words of the release that reads it.

    :param changes: what was rewritten: the release's own sentences, and ours for what it leaves.
    """

    config: dict[str, Any]
    changes: tuple[str, ...] = ()


def in_words_of(release: Release, config: Mapping[str, Any], cli: GatewayCli, cache: Path) -> Declared:
    """Let the release migrate the declared config, and add what it leaves: owners, plugins, refused models.

    What a release answered is kept on the controller, by the digest of what it was asked.
    """
    config, records = without_install_records(config, release)
    asked = json.dumps(config, sort_keys=True)
    kept = cache / f"openclaw-migrated-{release}-{hashlib.sha256(asked.encode()).hexdigest()[:24]}.json"
    told = _kept(kept)
    if told is None:
        told = _ask(cli, asked, release)
        write_file(kept, json.dumps(told), 0o600)
    result, judged = told.get("config"), told.get("judged")
    changes = [str(line) for line in told.get("changes") or ()] if isinstance(result, dict) else []
    result, owners = with_owners(result if isinstance(result, dict) else config, judged)
    models = rewrite_refused(result, release)
    return Declared(result, (*records, *changes, *owners, *models))


def _kept(file: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _ask(cli: GatewayCli, config: str, release: Release) -> dict[str, Any]:
    """Run the migration of the release in the machine; without `config` in the answer there is nothing to do."""
    packed = base64.b64encode(gzip.compress(config.encode(), mtime=0)).decode()
    ran = cli.node(SCRIPT, stdin=packed)
    told = _answer(ran["stdout"])
    if told is None or told.get("error"):
        raise CollectionError(
            f"OpenClaw {release} cannot run its migration of openclaw.json",
            why=str((told or {}).get("error") or ran["stderr"].strip()[-300:] or f"exit code {ran['exit_code']}"),
            todo="Write the config in the words of this release, without openclaw_config_migrate",
        )
    return told


def _answer(stdout: str) -> dict[str, Any] | None:
    """What stands behind the mark; modules of the release may print lines before it."""
    packed = stdout.rpartition("\nmigrated:")[2].strip()
    try:
        told = json.loads(gzip.decompress(base64.b64decode(packed)))
    except (OSError, EOFError, ValueError):
        return None
    return told if isinstance(told, dict) else None
