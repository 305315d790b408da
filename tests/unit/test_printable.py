"""Text from elsewhere reaches no terminal raw, through whatever door."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._base.printable import one_line, printable, printable_all
from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\rb\x08c\x00", r"a\x0db\x08c\x00"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("lie\u202e", r"lie\u202e"),
        ("\ud800", r"\ud800"),
        ("line\n\tnext", "line\n\tnext"),
        ("żółć 👋 日本", "żółć 👋 日本"),
    ],
)
def test_control_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable_all({text: [text, (text, 7), None]}) == {shown: [shown, (shown, 7), None]}


def test_no_door_lets_them_through() -> None:
    said: list[str] = []
    context = Context(progress=said.append, warn=said.append)
    context.progress("log \x1b[2J")
    context.warn("warn \x1b[2J")
    error = CollectionError("what \x1b", where="where \x1b", why="a\n\x1b", todo="todo \x1b", log=["\x1b[2J"])
    assert "\x1b" not in "".join([*said, str(error), repr(error.as_dict())])
    assert r"\x1b[2J" in said[0] and error.as_dict()["log"] == [r"\x1b[2J"]


def test_one_line_is_one_line() -> None:
    assert one_line(" a\n  b ") == "a b"
    assert one_line("x" * 500, 10) == "xxxxxxxxxx ..."
