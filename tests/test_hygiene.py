"""What must hold for every file of the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from support.ansible import REPO

# https://docs.ansible.com/ansible/latest/dev_guide/developing_collections_structure.html, and what is ours.
TOP = {
    ".ci", "changelogs", "docs", "emulator", "extensions", "inventories", "meta", "molecule", "playbooks", "plugins",
    "requirements", "roles", "tests", "tools",
}  # fmt: skip
PLUGINS = {
    "action", "callback", "connection", "doc_fragments", "filter", "inventory", "lookup", "module_utils", "modules",
    "plugin_utils", "test",
}  # fmt: skip
REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|npmmirror|(?:deb|archive)\.(?:debian|ubuntu)\.")
# The image's own home directories, /root and /home/node, are no machine's.
MACHINE_PATHS = re.compile(r"(?<![\w.<{}-])/(?:work|root|Users|home)/(?!(?:node|USER|you|me)\b|\.)[\w-]+")


def tracked() -> list[Path]:
    """Every file that is, or is about to be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [Path(name) for name in listed.split("\0") if name and (REPO / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        if path.name in ("LICENSE", "test_hygiene.py"):
            continue
        try:
            found.append((path, (REPO / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def hits(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {match[0]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]


def names(folder: str) -> set[str]:
    return {path.stem for path in (REPO / "plugins" / folder).glob("*.py") if path.stem != "__init__"}


MODULES = sorted(names("modules"))


def test_no_path_of_one_machine() -> None:
    assert hits(MACHINE_PATHS) == []


def test_no_link_leads_out_of_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPO, capture_output=True, text=True, check=True).stdout
    links = [path for name in listed.split("\0") if name and (path := REPO / name).is_symlink()]
    assert [str(path) for path in links if not path.resolve().is_relative_to(REPO)] == []


def test_no_registry_is_named() -> None:
    """Package clients know where they fetch from; a mirror set for them must hold for us too."""
    assert hits(REGISTRIES) == []


def test_no_sanity_check_is_silenced() -> None:
    assert [str(path) for path in tracked() if path.match("tests/sanity/ignore*")] == []
    assert hits(re.compile(r"#\s*(?:pylint: disable|ruff: noqa|yamllint disable|mypy: ignore-errors)")) == []


def test_what_is_silenced_says_why() -> None:
    """Each `type: ignore` and `noqa` has its reason in a comment behind it, each skip and xfail in `reason`."""
    assert hits(re.compile(r"#\s*(?:type: ignore|noqa)\b(?:\[[\w, -]*\]|: [A-Z0-9, ]+)?\s*$", re.MULTILINE)) == []
    assert hits(re.compile(r"@pytest\.mark\.(?:skip|xfail)\b(?!\(.*reason=)(?!\($)")) == []


# Loops that sleep, and do not wait for a state: what they do instead.
SLEEPING_LOOPS = {
    "plugins/module_utils/_base/waiting.py": "the one way to wait",
    "plugins/module_utils/_converge/engine.py": "sends what was lost again",
    "plugins/module_utils/_fly/client/transport.py": "sends a request again",
    "plugins/module_utils/_fly/machines/writer.py": "puts a configuration back, again if that fails",
    "plugins/module_utils/_platform_check/questions_machines.py": "sends requests until one is refused",
    "plugins/module_utils/_platform_check/wire.py": "sends a request again",
    "extensions/eda/plugins/event_source/fly_events.py": "reads events for ever",
}


def test_there_is_one_way_to_wait() -> None:
    found = set()
    for path in tracked():
        if path.suffix == ".py" and path.parts[0] in ("plugins", "extensions"):
            tree = ast.parse((REPO / path).read_text())
            loops = [node for node in ast.walk(tree) if isinstance(node, ast.While | ast.For | ast.AsyncFor)]
            calls = [each for loop in loops for each in ast.walk(loop) if isinstance(each, ast.Call)]
            if any(isinstance(call.func, ast.Attribute) and call.func.attr == "sleep" for call in calls):
                found.add(path.as_posix())
    assert found == set(SLEEPING_LOOPS)


def test_nothing_is_left_for_later() -> None:
    assert hits(re.compile(r"\b(?:TODO|FIXME|XXX)\b")) == []


def test_no_large_file() -> None:
    assert [str(path) for path in tracked() if (REPO / path).stat().st_size > 1_000_000] == []


def test_folders_are_those_that_ansible_knows() -> None:
    parts = [path.parts for path in tracked()]
    assert {part[0] for part in parts if len(part) > 1} <= TOP
    assert {part[1] for part in parts if part[0] == "plugins" and len(part) > 2} <= PLUGINS


def test_plugins_state_their_licence() -> None:
    bare = [
        str(path)
        for path in tracked()
        if path.parts[0] == "plugins"
        and path.suffix == ".py"
        and "GNU General Public License v3.0" not in (REPO / path).read_text()[:400]
    ]
    assert bare == []


def test_the_action_group_is_all_modules() -> None:
    """`module_defaults: group/openclaw.fly.all` reaches every module, and names none that does not exist."""
    group = yaml.safe_load((REPO / "meta/runtime.yml").read_text())["action_groups"]["all"]
    assert group == MODULES


def test_every_module_has_its_action_plugin() -> None:
    assert names("action") == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_module_takes_the_api_options(module: str) -> None:
    """A group of `module_defaults` fails the task whose module lacks one of its options."""
    assert "\n  - openclaw.fly.api\n" in (REPO / "plugins/modules" / f"{module}.py").read_text()


@pytest.mark.parametrize("module", MODULES)
def test_module_holds_no_logic(module: str) -> None:
    """A module file documents, names its argument spec and makes one call."""
    tree = ast.parse((REPO / "plugins/modules" / f"{module}.py").read_text())
    strings = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert {"DOCUMENTATION", "EXAMPLES", "RETURN"} <= strings
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert {function.name for function in functions} == {"body", "main"}
    statements = sum(isinstance(node, ast.stmt) for function in functions for node in ast.walk(function))
    assert statements <= 16, f"{statements} statements: the logic belongs into module_utils"


def test_roles_are_documented() -> None:
    for role in (REPO / "roles").glob("*/"):
        assert (role / "meta/argument_specs.yml").exists(), role
        options = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
        readme = (role / "README.md").read_text()
        assert [name for name in options if f"`{name}`" not in readme] == [], f"{role}/README.md leaves out variables"
        defaults = yaml.safe_load((role / "defaults/main.yml").read_text()) or {}
        assert [name for name in defaults if name not in options] == [], f"{role}: defaults without an option"


def test_what_every_run_repeats_is_not_called_idempotent() -> None:
    """A module whose changes leave nothing to compare says when a second run changes something again."""
    acting = {
        path.stem
        for path in (REPO / "plugins/module_utils/_resources").glob("*.py")
        # A linked account is seen, and a volume is destroyed, after its snapshot, once.
        if "once=True" in path.read_text() and path.stem not in ("channel_login", "volume")
    }
    partial = set()
    for module in MODULES:
        text = (REPO / "plugins/modules" / f"{module}.py").read_text()
        documentation = re.search(r'DOCUMENTATION = r"""\n(.*?)"""', text, re.DOTALL)
        assert documentation, module
        documented = yaml.safe_load(documentation[1])
        if documented.get("attributes", {}).get("idempotent", {}).get("support") == "partial":
            partial |= set(re.findall(r"_resources\.(\w+) import", text))
    assert (
        acting
        == {"devices", "gateway_backup", "gateway_snapshot", "machine", "owner_link", "senders", "volume_snapshot"}
        & partial
    )
