"""Small configs, judged by us and by the pinned release: the same verdict, or a listed reason why not.

With OPENCLAW_RECORD=1 the verdicts are written to tests/unit/openclaw/data, from where the unit tests take them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.judged import CONFIGS, DIFFERENCES, OWN, sample

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_judge import judge
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_schema import Schema, prepare, validate
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.old_form_table import OLD_FORMS
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.paths import matches
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, Release, at
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import deep_merge
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.rule import Facts
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.secret_refs import SURFACES

from .installed import installed

pytestmark = pytest.mark.gateway

RECORDED = Path(__file__).parents[1] / "unit" / "openclaw" / "data" / f"verdicts-{DEFAULT_RELEASE}.json"
FACTS = Facts(exposure="sealed")
BASE = {"gateway": {"mode": "local"}}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the release says of each."""
    folder = tmp_path_factory.mktemp("judge")
    lines = "".join(json.dumps({"name": name, "config": config}) + "\n" for name, config in CONFIGS.items())
    release = installed()
    done = subprocess.run(
        [str(release.node), str(Path(__file__).parent / "judge.mjs"), str(release.package / "dist")],
        input=lines,
        cwd=release.package,
        env=release.environment(folder / "state", folder, TMPDIR=str(folder)),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return {told["name"]: told for told in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    folder = tmp_path_factory.mktemp("schema")
    env = installed().environment(folder / "state", folder)
    return prepare(installed().cli(env, "config", "schema"), Release.parse(DEFAULT_RELEASE))


def test_both_judges_agree(verdicts: dict[str, Any], schema: Schema) -> None:
    assert len(OWN) >= 100
    ours = {name: judge(deep_merge(BASE, config), FACTS, schema) for name, config in OWN.items()}
    differing = {name: [*map(str, ours[name])] for name in OWN if verdicts[name]["valid"] == bool(ours[name])}
    assert {name: why for name, why in differing.items() if name not in DIFFERENCES} == {}
    assert DIFFERENCES.keys() == differing.keys(), "a difference that is listed is none any more"


def test_the_verdicts_are_as_recorded(verdicts: dict[str, Any], schema: Schema) -> None:
    found = {
        name: {"valid": verdicts[name]["valid"], "by_schema": bool(validate(deep_merge(BASE, config), schema))}
        for name, config in OWN.items()
    }
    if os.environ.get("OPENCLAW_RECORD"):
        RECORDED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    assert json.loads(RECORDED.read_text()) == found


@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in OWN])
def test_every_old_form_is_one_for_the_release(name: str, verdicts: dict[str, Any]) -> None:
    """It refuses it, or its migration rewrites it; one agent's marker only draws a warning."""
    told = verdicts[name]
    assert not told["valid"] or told["migrated"] or name == "old form agents.entries.*.default"


def test_with_migrate_no_old_form_is_refused_before(schema: Schema) -> None:
    """The release rewrites it, and judges in the machine what it made of it."""
    facts = Facts(exposure="sealed", migrate=True)
    found = {form.path: judge(deep_merge(BASE, sample(form)), facts, schema) for form in OLD_FORMS}
    solved = ("schema", "moved", "dangerous")
    assert {path: told for path, told in found.items() if any(problem.rule in solved for problem in told)} == {}


def test_every_key_that_the_release_drops_is_known() -> None:
    sources = [file.read_text() for file in (installed().package / "dist").glob("legacy-*js")]
    found = [
        list_ for text in sources for list_ in re.findall(r"const (\w*RETIRED\w*PATHS) = (\[.*?\n\]);", text, re.DOTALL)
    ]
    assert {name for name, _paths in found} >= {"RETIRED_TUNING_PATHS", "TIER_EVAL_RETIRED_AGENT_PATHS"}
    known = [form.path for form in OLD_FORMS if not form.kinds and not form.values]
    for name, listed in found:
        for path in json.loads(listed):
            whole = ["agents", "entries", "*", *path] if "AGENT" in name else path
            assert any(matches(whole, pattern) for pattern in known), (name, path)


def test_the_paths_that_take_a_reference_are_the_releases() -> None:
    page = (installed().package / "docs" / "reference" / "secretref-credential-surface.md").read_text()
    listed = page.partition("secretref-supported-list-start")[2].partition("### SQLite auth-profile")[0]
    documented = {tuple(path.split(".")) for path in re.findall(r"^- `([^`]+)`", listed, re.MULTILINE)}
    assert at(SURFACES, Release.parse(DEFAULT_RELEASE)) == documented
