# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in a machine that another run stops meanwhile."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.api import MachinesApi
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.remote_files import RemoteFiles


def failure(answer: dict[str, Any]) -> str:
    remote = RemoteFiles(cast(MachinesApi, None), "my-app", "m1")
    with pytest.raises(CollectionError) as raised:
        remote._checked("read files", answer)
    return str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [
        {"exit_code": 137, "stdout": "", "stderr": ""},
        {"exit_code": 1, "stdout": "", "stderr": "the machine has ended (Broken pipe)"},
    ],
)
def test_a_machine_that_was_stopped_meanwhile_names_another_run(answer: dict[str, Any]) -> None:
    assert failure(answer) == (
        "machine m1 of my-app: cannot read files: the machine was stopped or restarted meanwhile, perhaps by another"
        " run. Run again."
    )


def test_other_failures_are_reported_in_their_own_words() -> None:
    said = failure({"exit_code": 1, "stdout": "", "stderr": "cat: /data: No such file or directory"})
    assert "No such file or directory. See that the volume is mounted" in said
