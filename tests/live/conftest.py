"""One check of an emulator for all tests of the folder."""

from __future__ import annotations

import pytest
from support.platform_check import GATEWAY, Checked, real_processes


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    folder = tmp_path_factory.mktemp("check")
    recording = folder / "recording.jsonl"
    with real_processes(folder / "state") as fly:
        outcome = fly.module("fly_platform_check", **GATEWAY, consent=True, slow=False, recording=str(recording))
        left = tuple(fly.context.store.apps)
    return Checked(outcome, recording, left)
