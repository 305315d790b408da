"""Recordings of checks as fixtures: the emulator answers the same requests with the same status and shape.

`recordings/NAME.jsonl` are those that people sent. Beside it, `NAME.known.txt` may list differences that stay, one a
line as this test prints it, with the reason after ` # `.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from support.platform_check import Checked, real_processes
from support.replay import Replay, shape_differences

pytestmark = [pytest.mark.xdist_group("live")]
RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.jsonl"))
Line = dict[str, Any]


def replayed(tmp_path: Path, lines: list[Line]) -> list[str]:
    with real_processes(tmp_path / "state") as fly:
        replay = Replay(fly)
        found = replay.run(lines)
        print(*replay.never, sep="\n")
        assert replay.sent >= len({line["check"] for line in lines}) - 2
        return found


def test_the_emulators_own_recording(checked: Checked, tmp_path: Path) -> None:
    assert replayed(tmp_path, checked.lines[1:]) == []


@pytest.mark.parametrize("recording", RECORDINGS, ids=[path.stem for path in RECORDINGS])
def test_a_recording_of_fly(recording: Path, tmp_path: Path) -> None:
    header, *lines = [json.loads(line) for line in recording.read_text().splitlines()]
    assert header["format"] == 1
    known = recording.with_suffix(".known.txt")
    listed = {line.partition(" # ")[0] for line in known.read_text().splitlines()} if known.exists() else set()
    assert [each for each in replayed(tmp_path, lines) if each not in listed] == []


def test_a_difference_is_found(checked: Checked, tmp_path: Path) -> None:
    """As if Fly.io had answered otherwise than the emulator."""
    lines = [line for line in checked.lines[1:] if line["check"] in ("life_app", "life_volume")]
    lines = copy.deepcopy(lines)
    made = next(line for line in lines if line["method"] == "POST" and line["path"].endswith("/volumes"))
    made["answer"]["added"] = 1
    next(line for line in lines if line["path"] == "/v1/apps" and line["method"] == "POST")["status"] = 200
    found = replayed(tmp_path, lines)
    assert len(found) == 2 and "201, recorded 200" in found[0] and ".added is missing" in found[1], found


def test_shapes() -> None:
    assert shape_differences({"a": [{"b": 1}], "c": None}, {"a": [{"b": 2.5}], "c": "x", "d": 1}) == []
    assert shape_differences({"a": [{"b": 1}]}, {"a": [{"b": "1"}]}) == [".a[].b is text, recorded a number"]
    assert shape_differences("text", {}) == ["the answer is an object, recorded text"]
