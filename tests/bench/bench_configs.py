"""What five hundred gateways' configs cost to render, merge and validate, offline: seconds and CPU each.

    python tests/bench/bench_configs.py [--gateways 500]

Each gateway differs from the others. The schema is that of the pinned release, which the tests keep in build/test.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "build/tree")]

from support.guide import EVERYTHING

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import config_file
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_merge import merge
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_schema import load, prepare, store, validate
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import gateway_config

TARGET_MS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateways", type=int, default=500)
    count = parser.parse_args().gateways
    release = Release.parse(DEFAULT_RELEASE)
    kept = REPO / "build" / "test" / f"openclaw-{DEFAULT_RELEASE}.schema.json"
    if not kept.exists():
        raise SystemExit(f"{kept.relative_to(REPO)} is missing: run `make test` once, or pytest tests/gateway")
    with tempfile.TemporaryDirectory() as cache:
        store(prepare(json.loads(kept.read_text()), release), cache)
        began, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            one(number, cache, release)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    each = cpu / count * 1000
    print(f"{count} configs rendered, merged and validated: {seconds:.1f} s, {cpu:.1f} s CPU, {each:.1f} ms CPU each")
    print(f"target {TARGET_MS} ms: {'met' if each <= TARGET_MS else 'MISSED'}")


def one(number: int, cache: str, release: Release) -> None:
    """As a task does it in a fresh worker: the schema is loaded from the cache for each gateway."""
    host = f"gateway-{number}.fly.dev"
    variables: dict[str, Any] = {**EVERYTHING, "hostnames": [host], "agents": {"main": {}, f"agent-{number}": {}}}
    wanted = gateway_config(variables)
    present = config_file.read(config_file.text_of({**wanted, "ui": {"seamColor": "#123456"}, "meta": {}}))
    merged = merge(wanted, present)
    schema = load(release, cache)
    assert schema is not None
    problems = [*check(wanted, Facts(hostnames=(host,))), *validate(merged.config, schema)]
    assert problems == [], problems
    config_file.text_of(merged.config)


if __name__ == "__main__":
    main()
