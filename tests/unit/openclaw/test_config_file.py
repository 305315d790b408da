"""The text of openclaw.json."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_file import read, sha256, text_of
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import ConfigUnreadable


def test_the_order_is_a_readers_and_always_the_same() -> None:
    config = {"update": {}, "zzz": 1, "gateway": {"port": 3000, "bind": "lan"}, "agents": {"ü": [2, 1]}}
    text = text_of(config)
    assert text == text_of(dict(reversed(config.items())))
    assert text.splitlines()[1:4] == ['  "agents": {', '    "ü": [', "      2,"]
    assert text.index('"agents"') < text.index('"gateway"') < text.index('"update"') < text.index('"zzz"')
    assert text.index('"bind"') < text.index('"port"')
    assert text.endswith("}\n")
    assert sha256(text) == sha256(text_of(read(text)))


def test_json5_is_read() -> None:
    text = "// mine\n{ gateway: { port: 3000, }, /* x */ 'a': [1,], }"
    assert read(text) == {"gateway": {"port": 3000}, "a": [1]}


def test_nothing_is_an_empty_config() -> None:
    assert read(" \n") == {}


@pytest.mark.parametrize(("text", "message"), [("{ a: ", "neither JSON nor JSON5"), ("[1]", "not an object")])
def test_what_cannot_be_read_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigUnreadable, match=message):
        read(text, "/data/openclaw.json")


def test_where_it_cannot_be_read_is_a_line() -> None:
    with pytest.raises(ConfigUnreadable) as refused:
        read('{"a": 1,\n "b" 2}', "/data/openclaw.json")
    assert refused.value.why.startswith("line 2 ") and "<string>" not in str(refused.value)
