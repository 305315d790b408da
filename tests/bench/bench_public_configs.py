"""How many openclaw.json files of a folder are valid: as they are, as the release rewrites them, and as we do.

    python tests/bench/bench_public_configs.py FOLDER

FOLDER holds files of people who run OpenClaw; none is kept here. The pinned release judges all of them, every variable
that they name set. Below the counts stands each file of which the release and our preflight say something else.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "build/tree", "emulator")]

from gateway.installed import installed
from gateway.test_migration import RELEASE, Here
from support.openclaw import provide

from ansible_collections.openclaw.fly.plugins.module_utils._gateway.config_migration import in_words_of
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import config_file
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_judge import judge
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_schema import prepare
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.paths import get
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.rule import Facts

VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")


def judged(configs: dict[str, Any], folder: Path) -> dict[str, dict[str, Any]]:
    """What the release says of each."""
    lines = "".join(json.dumps({"name": name, "config": config}) + "\n" for name, config in configs.items())
    names = dict.fromkeys(VARIABLE.findall(lines), "x" * 48)
    env = installed().environment(folder / "state", folder, TMPDIR=str(folder), **names)
    argv = [str(installed().node), str(REPO / "tests" / "gateway" / "judge.mjs"), "dist"]
    cwd = installed().package
    done = subprocess.run(argv, input=lines, cwd=cwd, env=env, capture_output=True, text=True, check=True)
    return {told["name"]: told for told in map(json.loads, done.stdout.splitlines())}


def main() -> None:
    if len(sys.argv) != 2:
        print(__doc__)
        return
    posted = {file.stem: config_file.read(file.read_text()) for file in sorted(Path(sys.argv[1]).glob("*.json*"))}
    provide()
    schema = prepare(json.loads(Path(os.environ["OPENCLAW_TEST_SCHEMA"]).read_text()), RELEASE)
    with tempfile.TemporaryDirectory() as name:
        cli: Any = Here(folder := Path(name))
        ours = {name: in_words_of(RELEASE, config, cli, folder).config for name, config in posted.items()}
        as_posted = judged(posted, folder)
        as_theirs = judged({name: told["rewritten"] for name, told in as_posted.items()}, folder)
        as_ours = judged(ours, folder)
    verdicts = {"as posted": as_posted, "after the release's migration": as_theirs, "after migrate": as_ours}
    for when, told in verdicts.items():
        print(f"valid {when}: {sum(each['valid'] for each in told.values())} of {len(posted)}")
    for when, configs, migrate in (
        ("as posted", posted, False),
        ("with migrate", posted, True),
        ("after", ours, False),
    ):
        for name, config in configs.items():
            facts = Facts(exposure="sealed", port=get(config, "gateway", "port") or 3000, migrate=migrate)
            said = sorted({f"{each.path} ({each.rule})" for each in judge(config, facts, schema)})
            valid = (as_posted if when == "as posted" else as_ours)[name]["valid"]
            if valid == bool(said):
                print(f"{when}: {name} is {'valid' if valid else 'invalid'}; the preflight: {', '.join(said) or 'ok'}")


if __name__ == "__main__":
    main()
