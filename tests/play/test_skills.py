"""Skills through plays: what lies in the project's folder is on the volume, and nothing else on request."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import pytest
from support.ansible import REPO, Ansible
from support.emulator import Emulator
from support.site import Site, changes, result

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.skills import read

SKILLS = "skills"


@pytest.fixture(scope="module")
def site(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A gateway with one skill; its tests leave it converged."""
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "skilled")
    shutil.copytree(REPO / "tests/support/skills", site.inventory / "skills")
    site.variables["openclaw_config_skills"] = {"a-skill": "skills/a-skill"}
    run = site.converge()
    assert ("openclaw_skill", ["install the skill a-skill"]) in changes(run)
    return site


def there(site: Site) -> dict[str, Any]:
    """Contents and modes of the volume's skills by path; "0:0" where one is not the gateway's."""
    found = {}
    for file in sorted((site.data / SKILLS).rglob("*")):
        status = file.lstat()
        ours = status.st_uid == 1000 or site.emulator.info["guarantees"]["owners"] != "real" or os.getuid()
        path = str(file.relative_to(site.data / SKILLS))
        found[path] = f"{status.st_mode & 0o777:o}" if ours else f"{status.st_uid}:{status.st_gid}"
    return found


def test_it_is_the_gateways_and_nobody_elses(site: Site) -> None:
    assert there(site) == {
        "a-skill": "700", "a-skill/SKILL.md": "600", "a-skill/scripts": "700", "a-skill/scripts/greet": "700",
    }  # fmt: skip
    site.emulator.clear_journal()
    assert (site.converge().changed, site.writes()) == (0, [])


def test_what_changed_on_either_side_is_put_right(site: Site) -> None:
    (site.inventory / "skills/a-skill/scripts/greet").write_text("#!/bin/sh\necho changed\n")
    plan = site.converge(check=True, diff=True)
    assert changes(plan) == [("openclaw_skill", ["change the skill a-skill"])]
    before = there(site)
    assert changes(site.converge()) == changes(plan)
    assert (site.data / SKILLS / "a-skill/scripts/greet").read_text().endswith("changed\n")
    assert there(site) == before

    (site.data / SKILLS / "a-skill/SKILL.md").write_text("---\ndescription: what somebody else wrote\n---\n")
    (site.data / SKILLS / "a-skill/more").symlink_to("/etc/passwd")
    assert changes(site.converge()) == changes(plan)
    assert there(site) == before


def test_the_exact_set_is_had_on_request(site: Site) -> None:
    shutil.copytree(site.data / SKILLS / "a-skill", site.data / SKILLS / "learned")
    assert result(site.converge("--skip-tags=look"), "openclaw_skill")["others"] == ["learned"]
    run = site.converge("-e", json.dumps({"openclaw_config_skills_exact": True}))
    assert changes(run) == [("openclaw_skill", ["remove the skill learned"])]
    assert not (site.data / SKILLS / "learned").exists()


def test_what_was_interrupted_is_finished(site: Site) -> None:
    whole = there(site)
    folder = site.data / SKILLS
    (folder / "a-skill").rename(folder.parent / ".ansible-skill-a-skill.old")
    (folder.parent / ".ansible-skill-a-skill").mkdir()
    assert changes(site.converge()) == [("openclaw_skill", ["install the skill a-skill"])]
    assert there(site) == whole
    assert list(folder.parent.glob(".ansible-skill-*")) == []


def test_what_is_not_what_was_reviewed_is_refused(site: Site) -> None:
    digest = read("a-skill", site.inventory / "skills/a-skill").sha256
    pinned = {"a-skill": {"source": "skills/a-skill", "sha256": digest}}
    run = site.converge("--skip-tags=look", "-e", json.dumps({"openclaw_config_skills": pinned}))
    assert (run.changed, result(run, "openclaw_skill")["skills"]) == (0, {"a-skill": digest})
    pinned["a-skill"]["sha256"] = "0" * 64
    run = site.run("-e", json.dumps({"openclaw_config_skills": pinned})).failed()
    for part in ("The skill a-skill is not what was pinned", digest, "pin this digest"):
        assert part in run.output
