"""What a run keeps beside the inventory stays out of git, and is refused where there is no such place."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.openclaw.fly.plugins.lookup.gateway_token import LookupModule
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._base.files import write_file
from ansible_collections.openclaw.fly.plugins.module_utils._gateway import token_file
from ansible_collections.openclaw.fly.plugins.module_utils._preflight import app
from ansible_collections.openclaw.fly.plugins.module_utils._preflight.declaration import App, Declaration

TOKEN = "0123456789abcdef" * 4


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    return subprocess.run(["git", "-C", folder, *who, *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def problems(*files: Path) -> list[tuple[str, str]]:
    declaration = cast(Declaration, SimpleNamespace(app=App("my-app", files=tuple(map(str, files)))))
    found = [*app.files_have_a_folder(declaration), *app.files_out_of_git(declaration)]
    return [(problem.path, problem.message) for problem in found]


def test_git_does_not_see_what_a_run_keeps(project: Path) -> None:
    write_file(project / "inventory/.fly/my-app/fly.toml", "app = 'my-app'", 0o644)
    assert token_file.keep(project / "inventory/.secrets/my-app.token", TOKEN)
    (project / "inventory/hosts.yml").touch()
    git(project, "add", "--all")
    assert git(project, "status", "--porcelain", "--ignored=no").split() == ["A", "inventory/hosts.yml"]


def test_a_gitignore_of_the_users_own_stays(project: Path) -> None:
    own = project / ".fly/.gitignore"
    own.parent.mkdir()
    own.write_text("# fly.toml is reviewed with the inventory\n")
    write_file(project / ".fly/my-app/fly.toml", "app = 'my-app'", 0o644)
    assert own.read_text() == "# fly.toml is reviewed with the inventory\n"
    write_file(project / "elsewhere/fly.toml", "app = 'my-app'", 0o644)
    assert not (project / "elsewhere/.gitignore").exists()


def test_a_token_that_git_tracks_is_refused_unless_it_is_encrypted(project: Path) -> None:
    kept = project / ".secrets/my-app.token"
    assert token_file.keep(kept, TOKEN)
    assert problems(kept) == []
    git(project, "add", "--force", str(kept))
    assert problems(kept) == [(str(kept), "holds a secret and is tracked by git")]
    kept.write_text("$ANSIBLE_VAULT;1.1;AES256\n3061\n")
    assert problems(kept, project / ".fly/fly.toml", Path("/nowhere/.secrets/token")) == []


def test_a_list_of_hosts_has_no_folder() -> None:
    """A run as root would make it in the root directory."""
    for path in (Path("/.secrets/my-app.token"), Path("/.fly/my-app/fly.toml")):
        with pytest.raises(CollectionError, match="inventory has no folder: it is a list of hosts") as refused:
            write_file(path, TOKEN, 0o600)
        assert "set fly_app_folder to a folder" in refused.value.todo
        assert not path.parent.exists()
        assert [where for where, _ in problems(path)] == ["fly_app_folder"]


@pytest.mark.parametrize(
    ("mode", "text", "told"),
    [
        (0o644, TOKEN, "can be read by other users of this machine: its mode is 0644. Run chmod 600"),
        (0o640, TOKEN, "its mode is 0640"),
        (0o600, "short", "is not usable: it must be one line of at least 24 characters"),
        (0o600, f"{TOKEN}\n{TOKEN}", "is not usable: it must be one line"),
        (None, "", "the inventory has no folder"),
    ],
)
def test_the_lookup_refuses(tmp_path: Path, mode: int | None, text: str, told: str) -> None:
    path = Path("/.secrets/my-app.token")
    if mode is not None:
        path = tmp_path / "my-app.token"
        path.write_text(text)
        path.chmod(mode)
    lookup: Any = LookupModule()
    lookup._loader = SimpleNamespace(get_text_file_contents=lambda name: Path(name).read_text())
    lookup.set_options = lambda **_: None
    with pytest.raises(Exception, match=told) as refused:
        lookup.run([str(path)], {})
    assert TOKEN not in str(refused.value)
    assert not Path("/.secrets").exists()
