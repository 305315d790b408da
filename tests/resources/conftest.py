"""An emulator in this process for all tests of the folder; each test makes apps of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from support.platform import Platform, platform

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def fly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("platform")) as started:
        yield started


@pytest.fixture
def app(fly: Platform) -> str:
    """A new app's name; the app is there."""
    name = f"test-{next(_numbers)}"
    assert not fly.module("fly_app", name=name, org="personal").failed
    return name
