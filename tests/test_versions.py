"""Every place that states the version states the same one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml


def galaxy_version(repo: Path) -> str:
    return str(yaml.safe_load((repo / "galaxy.yml").read_text())["version"])


def quoted(path: Path, name: str) -> str:
    """Return the string that a Python file assigns to a name."""
    found = re.search(rf'^{name}\s*(?::[^=]+)?=\s*"([^"]+)"', path.read_text(), re.MULTILINE)
    assert found, f"{path} assigns no string to {name}"
    return found[1]


def test_user_agent(repo: Path) -> None:
    assert quoted(repo / "plugins/module_utils/_base/version.py", "VERSION") == galaxy_version(repo)


def test_emulator(repo: Path) -> None:
    assert quoted(repo / "emulator/fly_emulator/__init__.py", "__version__") == galaxy_version(repo)
    project = tomllib.loads((repo / "emulator/pyproject.toml").read_text())["project"]
    if "version" in project.get("dynamic", []):
        return
    assert project["version"] == galaxy_version(repo)


def test_changelog(repo: Path) -> None:
    """The newest release in the changelog is this one, in the data and in the page made from it."""
    releases = yaml.safe_load((repo / "changelogs/changelog.yaml").read_text())["releases"]
    newest = max(releases, key=lambda version: [int(part) for part in version.split(".")])
    assert newest == galaxy_version(repo)
    headings = re.findall(r"^## v(\S+)", (repo / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0].replace("\\", "") == newest


def test_required_ansible(repo: Path) -> None:
    """What meta/runtime.yml demands is what the local set-up installs at least."""
    required = yaml.safe_load((repo / "meta/runtime.yml").read_text())["requires_ansible"]
    assert f"ansible-core{required.removesuffix('.0')}," in (repo / "requirements/run.in").read_text()


def test_openclaw_default_release(repo: Path) -> None:
    """The releases that defaults of roles and modules name are the default release of the code."""
    default = quoted(repo / "plugins/module_utils/_openclaw/releases.py", "DEFAULT_RELEASE")
    release = re.compile(r"\b20\d\d\.\d{1,2}\.\d{1,3}\b")
    for file in (repo / "roles").glob("*/defaults/*.yml"):
        code = re.sub(r"^\s*#.*$", "", file.read_text(), flags=re.MULTILINE)
        assert set(release.findall(code)) <= {default}, file
    for file in (repo / "plugins/modules").glob("*.py"):
        defaults = re.findall(r"[\"']?default[\"']?: .*", file.read_text())
        assert set(release.findall("\n".join(defaults))) <= {default}, file
