"""The process command of fly.toml."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import InvalidValue
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.process import check, gateway_command, parse

GUIDE = "node dist/index.js gateway --allow-unconfigured --port 3000 --bind lan"


def test_the_guides_command_is_the_default() -> None:
    assert gateway_command() == GUIDE
    command = parse(GUIDE)
    assert (command.port, command.bind, command.allow_unconfigured) == (3000, "lan", True)
    assert check(GUIDE, 3000) == []


def test_both_ways_to_write_an_option_and_the_last_one_wins() -> None:
    command = parse("openclaw gateway --port=1 --port 3001 --bind=loopback")
    assert (command.port, command.bind, command.allow_unconfigured) == (3001, "loopback", False)


@pytest.mark.parametrize(
    ("command", "internal_port", "rule", "message"),
    [
        (GUIDE, 8080, "internal-port", "is 8080, but the gateway listens on 3000 (--port)"),
        ("node dist/index.js gateway --bind lan", 3000, "internal-port", "listens on 18789 (the default port)"),
        (GUIDE.replace("lan", "0.0.0.0"), 3000, "bind-alias", "Write lan"),
        (GUIDE.replace("lan", "::"), 3000, "bind-alias", "no IPv6 listener"),
        (GUIDE.replace("lan", "loopback"), 3000, "bind-loopback", "Fly's proxy cannot reach it"),
        (GUIDE.replace("lan", "everywhere"), 3000, "bind-unknown", "allowed here: loopback, lan"),
        ("node dist/index.js gateway --port 3000", 3000, "bind-missing", "Add --bind lan"),
        ("node dist/index.js gateway --port 70000 --bind lan", 3000, "process", "--port 70000 is not a port"),
        ("node dist/index.js doctor", 3000, "process", "does not start a gateway"),
        ("node 'dist", 3000, "process", "Close its quotes"),
    ],
)
def test_what_fly_could_not_reach(command: str, internal_port: int, rule: str, message: str) -> None:
    [problem] = check(command, internal_port)
    assert problem.rule == rule
    assert message in str(problem)


def test_the_environment_can_name_the_port() -> None:
    assert check("node dist/index.js gateway --bind lan", 3000, env_port=3000) == []


def test_a_sealed_gateway_may_stay_on_loopback() -> None:
    assert check("node dist/index.js gateway --port 3000 --bind loopback", None, behind_proxy=False) == []


def test_a_command_that_starts_no_gateway_cannot_be_parsed() -> None:
    with pytest.raises(InvalidValue):
        parse("sleep 1")
