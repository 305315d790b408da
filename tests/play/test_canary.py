"""Secrets stay where they belong: through whole runs at the highest verbosity, well ended and failed."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from support.ansible import Ansible, Run
from support.emulator import Emulator
from support.site import Site

API_TOKEN = "fm2_canaryapi0123456789abcdef"
WRONG_API_TOKEN = "fm2_canarywrong0123456789abcdef"
OLD = {"gateway": "canarygatewayold0123456789abcdef", "secret": "canarysecretold0123456789abcdef"}
NEW = {"gateway": "canarygatewaynew0123456789abcdef", "secret": "canarysecretnew0123456789abcdef"}
CANARIES = (API_TOKEN, WRONG_API_TOKEN, *OLD.values(), *NEW.values())
PAUSE = 0.02
"""Seconds between two looks at all processes; a child of Ansible lives ten times as long."""


def forms(canary: str) -> list[bytes]:
    """A canary as it is and in base64, whatever stands before it."""
    packed = [base64.b64encode(b"x" * n + canary.encode())[4:-4] for n in range(3)]
    return [canary.encode(), *packed]


def canaries_in(content: bytes) -> list[str]:
    return [canary for canary in CANARIES if any(form in content for form in forms(canary))]


def files_with_canaries(*folders: Path) -> dict[Path, list[str]]:
    files = (file for folder in folders for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return {file: found for file in files if (found := canaries_in(file.read_bytes()))}


@contextmanager
def watched_arguments() -> Iterator[dict[str, list[str]]]:
    """Look at the arguments of all processes meanwhile; yields those that hold a canary, by command line."""
    found: dict[str, list[str]] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(PAUSE):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    line = (process / "cmdline").read_bytes()
                except OSError:
                    continue
                if b"canary" in line and (names := canaries_in(line)):
                    found[line.replace(b"\0", b" ").decode(errors="replace")] = names

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module")
def emulator(
    start_emulator: Callable[..., AbstractContextManager[Emulator]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """An emulator that knows the API token."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.touch(mode=0o600)
    file.write_text(API_TOKEN)
    with start_emulator("--token", str(file)) as emulator:
        yield emulator


def test_no_canary_gets_out(ansible: Ansible, emulator: Emulator, tmp_path: Path) -> None:
    site = Site(ansible, emulator, tmp_path / "site", "canary")
    token_file = site.root / ".local/secrets/canary.token"
    token_file.parent.mkdir()
    vault = tmp_path / "vault.json"
    vault.touch(mode=0o600)

    def run(values: dict[str, str], token: str = API_TOKEN, **options: bool) -> Run:
        token_file.touch(mode=0o600)
        token_file.write_text(values["gateway"] + "\n")
        vault.write_text(json.dumps({"fly_api_token": token, "fly_app_secrets": {"SOME_KEY": values["secret"]}}))
        return site.run("-vvvv", "-e", f"@{vault}", diff=True, **options)

    with watched_arguments() as arguments:
        runs = [
            run(OLD, check=True).ok(),
            run(OLD).ok(),
            run(NEW, check=True).ok(),
            run(NEW).ok(),
            run(NEW, WRONG_API_TOKEN).failed(),
        ]
        site.variables["openclaw_config_extra"] = {"gateway": {"auth": {"token": NEW["gateway"]}}}
        runs.append(run(NEW).failed())
        del site.variables["openclaw_config_extra"]
        site.variables["fly_app_env"] = {"SOME_TOKEN": NEW["secret"]}
        runs.append(run(NEW).failed())
        site.variables["fly_app_env"] = {"FEATHER_CRASH": "3"}
        runs.append(run(NEW).failed())

    # The runs did what they were for: both secrets were set and set anew, and the gateway knows its token.
    assert [run.rc for run in runs] == [0, 0, 0, 0, 2, 2, 2, 2]
    names = {"OPENCLAW_GATEWAY_TOKEN", "SOME_KEY"}
    for each in runs[:4]:
        assert names <= {word.strip(",:") for word in each.output.split()}
    assert "exit code 3" in runs[-1].output

    assert [canaries_in(run.output.encode()) for run in runs] == [[]] * len(runs)
    assert [canaries_in(json.dumps([vars(each) for each in run.results]).encode()) for run in runs] == [[]] * len(runs)
    assert arguments == {}
    token_is_at_home = {token_file: [NEW["gateway"]]}
    # The inventory's hosts file is left out: there the test itself wrote secrets where none may be.
    assert files_with_canaries(site.root / ".local", ansible.home) == token_is_at_home
    assert token_file.stat().st_mode & 0o777 == 0o600
    state = emulator.state_dir
    kept = [state / "journal.jsonl", state / "emulator.log", *(state / "logs").iterdir()]
    assert {file: found for file in kept if (found := canaries_in(file.read_bytes()))} == {}
    # What the platform keeps of the secrets is for its eyes only, and the volume has nothing.
    assert [
        file
        for file in files_with_canaries(state / "apps", state / "volumes")
        if file.stat().st_mode & 0o077 or "volumes" in file.parts
    ] == []
