"""Which machines a deploy is about, and since when they are as they are."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.deployed import is_deployed, version_time
from fly_emulator.ids import ulid


def machine(group: str, **fields: Any) -> dict[str, Any]:
    metadata = {"fly_platform_version": "v2", "fly_process_group": group}
    return {"state": "started", "config": {"metadata": metadata}, **fields}


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (machine("app"), True),
        (machine("app", state="destroyed"), False),
        (machine("fly_app_release_command"), False),
        (machine("fly_app_console"), False),
        ({"state": "started", "config": {"metadata": {}}}, False),
    ],
)
def test_one_off_machines_are_not_a_deploys(found: dict[str, Any], counts: bool) -> None:
    assert is_deployed(found) is counts


def test_the_time_of_a_version_is_in_its_name() -> None:
    assert version_time({"instance_id": ulid(1_790_000_000.25)}) == 1_790_000_000.25
    assert version_time({"instance_id": "not a ulid"}) == 0
    assert version_time({}) == 0
