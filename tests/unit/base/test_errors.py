"""One layout for all errors of the collection, and one reading of time."""

from __future__ import annotations

import pickle

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError, MissingLibrary
from ansible_collections.openclaw.fly.plugins.module_utils._base.project_folder import NoFolder
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import OpenClawError
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.problems import ConfigRefused, Problem


def test_what_where_why_and_what_to_do_in_one_line() -> None:
    error = CollectionError("it is full", where="volume x", why="40 GB", todo="Extend it", request_id="01HX")
    assert str(error) == "volume x: it is full: 40 GB. Extend it. (request 01HX)"
    assert str(CollectionError("it is full")) == "it is full."
    assert str(CollectionError("it is full", why="Really full!")) == "it is full: Really full!"


def test_a_log_stands_below_the_first_line() -> None:
    error = CollectionError(
        "it ended", where="machine 1", why="exit code 1; its last lines:\n    boom\n", todo="See it"
    )
    assert str(error).splitlines() == ["machine 1: it ended:", "exit code 1; its last lines:", "    boom", "See it."]


def test_openclaws_errors_have_the_same_layout() -> None:
    error = OpenClawError("the gateway refuses the token", "https://a.example", "wrong token", "Set another")
    assert str(error) == "https://a.example: the gateway refuses the token: wrong token. Set another."


@pytest.mark.parametrize("kept", ["", "Nothing was changed."])
def test_only_a_caller_that_knows_it_says_that_nothing_was_changed(kept: str) -> None:
    error = ConfigRefused([Problem("gateway.port", "is no number"), Problem("a", "b")], "app x", kept=kept)
    assert str(error).splitlines()[:3] == [
        "app x: 2 problems in the declared config:",
        "- gateway.port: is no number",
        "- a: b",
    ]
    assert ("Nothing was changed." in str(error)) == bool(kept)
    assert str(error).endswith("Fix the variables listed above and run again.")


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            Problem("fly_app_region", "is unknown", (), "Did you mean iad?"),
            "is unknown. Did you mean iad? Nothing was changed.",
        ),
        (Problem("fly_app_region", "is unknown", (), "Write iad"), "is unknown. Write iad. Nothing was changed."),
        (Problem("fly_app_region", "is i\nad"), "is i\\nad. Fix it and run again. Nothing was changed."),
        (Problem("fly_app_region", "is unknown"), "is unknown. Fix it and run again. Nothing was changed."),
    ],
)
def test_one_problem_stands_in_the_first_line(problem: Problem, told: str) -> None:
    assert str(ConfigRefused([problem], "app x", kept="Nothing was changed.")) == f"app x: fly_app_region: {told}"


def test_of_many_allowed_keys_the_nearest_are_named() -> None:
    keys = (*(f"key{number}" for number in range(90)), "requireMention")
    problem = Problem("channels.discord.mentionRequired", "is not known", keys)
    assert len(str(problem)) < 200 and "requireMention" in str(problem) and ", and 83 more" in str(problem)
    assert problem.as_dict()["allowed_keys"] == list(problem.nearest_keys) and len(problem.nearest_keys) == 8


def test_times_are_read_in_one_place() -> None:
    assert clock.parse("2026-09-20T10:00:00Z") == clock.parse("2026-09-20T12:00:00.000000001+02:00")
    assert clock.parse("2026-09-20T10:00:00") == clock.parse("2026-09-20T10:00:00Z")
    assert clock.text(clock.parse("2026-09-20T10:00:00Z")) == "2026-09-20T10:00:00Z"
    with pytest.raises(ValueError):
        clock.parse("yesterday")


@pytest.mark.parametrize(
    "error",
    [
        CollectionError("it failed", where="here", why="because", todo="Do that", request_id="01HX"),
        NoFolder(),
        MissingLibrary("json5", "a config with comments"),
        ConfigRefused([Problem("a.b", "is wrong", (), "Write c", "rule")], "openclaw.json"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_the_way_between_processes(error: CollectionError) -> None:
    """Ansible ends neither the task nor the run when a worker's result cannot be read: it waits for ever."""
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.as_dict(), again.args) == (str(error), error.as_dict(), error.args)
