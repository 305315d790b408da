"""The options of `start`, defined once: for the parser, the background process, the next start and who compares."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import questions
from .runtime import TIERS
from .settings import (
    DEFAULT_API_PORT,
    DEFAULT_HTTP_PORT,
    DEFAULT_HTTPS_PORT,
    Organization,
    Settings,
    Token,
    default_cache_dir,
)
from .state.directory import StateUnreadable, read_token, write_atomic

WIREGUARD_PORT = 51820
"""What every file for a peer names."""
REMEMBERED = "options.json"
Values = dict[str, Any]
"""An option's name to its value, as JSON has it."""


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: use 1 to 65535, or 0 for any free one")
    return number


def _answer(text: str) -> str:
    try:
        questions.parse([text])
    except questions.BadAnswer as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _factor(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a factor from 0 to 1000")
    return number


def _path(text: str) -> str:
    return str(Path(text).absolute())


@dataclass(frozen=True)
class Option:
    flag: str
    help: str
    default: Any = None
    kind: Callable[[str], Any] = str
    metavar: str | None = None
    many: bool = False
    """It may be repeated; its value is a list."""
    switch: bool = False
    choices: tuple[str, ...] | None = None
    bare: Any = None
    """The value that it has without one."""

    @property
    def name(self) -> str:
        return self.flag.removeprefix("--").replace("-", "_")

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Only what was given is in the parser's result."""
        common: dict[str, Any] = {"help": self.help, "default": argparse.SUPPRESS}
        if self.switch:
            parser.add_argument(self.flag, action=argparse.BooleanOptionalAction, **common)
            return
        common |= {"type": self.kind, "metavar": self.metavar, "choices": self.choices}
        if self.many:
            common["action"] = "append"
        if self.bare is not None:
            common |= {"nargs": "?", "const": self.bare}
        parser.add_argument(self.flag, **common)

    def words(self, value: Any) -> list[str]:
        """The option on a command line."""
        if value is None:
            return []
        if self.switch:
            return [self.flag if value else f"--no-{self.flag[2:]}"]
        return [word for each in (value if self.many else [value]) for word in (self.flag, str(each))]


OPTIONS = (
    Option("--api-port", f"the APIs (default: {DEFAULT_API_PORT})", DEFAULT_API_PORT, _port, "PORT"),
    Option("--edge-https-port", f"the apps' https (default: {DEFAULT_HTTPS_PORT})", DEFAULT_HTTPS_PORT, _port, "PORT"),
    Option("--edge-http-port", f"the apps' http (default: {DEFAULT_HTTP_PORT})", DEFAULT_HTTP_PORT, _port, "PORT"),
    Option("--flycast-port", "http of APP.flycast (default: any free one)", 0, _port, "PORT"),
    Option("--runtime", "how machines run: %(choices)s (default: auto)", "auto", metavar="TIER", choices=TIERS),
    Option(
        "--cache-dir", f"where images are kept (default: {default_cache_dir()})", str(default_cache_dir()), _path, "DIR"
    ),
    Option("--image-dir", "custom images", kind=_path, metavar="DIR"),
    Option("--org", "an organisation besides `personal`; may be repeated", [], metavar="SLUG", many=True),
    Option("--foreign-app", "an app name that somebody else holds; may be repeated", [], metavar="NAME", many=True),
    Option(
        "--token", "accept the token in this file instead of the state directory's own; may be repeated",
        [], _path, "FILE", many=True,
    ),
    Option(
        "--allow-host", "a name under which the API is asked, besides localhost and addresses; may be repeated",
        [], metavar="NAME", many=True,
    ),
    Option("--rate-limits", "answer 429 as Fly does", False, switch=True),
    Option("--egress", "let machines reach the internet; needs slirp4netns where they are apart", False, switch=True),
    Option(
        "--wireguard", f"accept WireGuard peers, at UDP port {WIREGUARD_PORT} by default; needs root and wireguard-go",
        kind=_port, metavar="PORT", bare=WIREGUARD_PORT,
    ),
    Option(
        "--answer", "an answer to what is not known of Fly, as NAME=ANSWER (`status` lists them); may be repeated",
        [], _answer, "NAME=ANSWER", many=True,
    ),
    Option("--delays", "multiply Fly's own delays, such as a snapshot's, by this (default: 1)", 1.0, _factor, "FACTOR"),
    Option("--log-file", "(default: STATE_DIR/emulator.log)", kind=_path, metavar="FILE"),
)  # fmt: skip


def given(arguments: argparse.Namespace) -> Values:
    """The options that stand on the command line."""
    return {option.name: getattr(arguments, option.name) for option in OPTIONS if hasattr(arguments, option.name)}


def complete(chosen: Values) -> Values:
    """All options: the chosen ones, else the defaults."""
    return {option.name: option.default for option in OPTIONS} | chosen


def words(values: Values) -> list[str]:
    """A command line that gives exactly these."""
    return [word for option in OPTIONS if option.name in values for word in option.words(values[option.name])]


def remember(state_dir: Path, values: Values) -> None:
    """Keep what is not the default, for the next start on this state directory."""
    kept = {option.name: values[option.name] for option in OPTIONS if values[option.name] != option.default}
    write_atomic(state_dir / REMEMBERED, json.dumps(kept, indent=2) + "\n")


def remembered(state_dir: Path) -> Values:
    """The options of the last start on this state directory; raises StateUnreadable."""
    path = state_dir / REMEMBERED
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(kept, dict):
            raise ValueError("it is not a JSON object")
        return _accepted(kept)
    except FileNotFoundError:
        return {}
    except (ValueError, argparse.ArgumentTypeError) as error:
        raise StateUnreadable(
            f"The options of the last start in {path} cannot be read ({error}). Remove the file, or start with "
            "--defaults and the options that you want."
        ) from error


def _accepted(kept: Mapping[str, Any]) -> Values:
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    for option in OPTIONS:
        option.add(parser)
    try:
        read, unknown = parser.parse_known_args(words(dict(kept)))
    except (argparse.ArgumentError, TypeError) as error:
        raise ValueError(str(error)) from error
    if unknown:
        raise ValueError(f"unknown: {' '.join(unknown)}")
    return given(read)


def differences(asked: Values, running: Mapping[str, Any]) -> list[str]:
    """A line for each asked option that the running emulator has otherwise."""
    return [
        f"  {option.flag}: now {_shown(running[option.name])}, asked for {_shown(asked[option.name])}"
        for option in OPTIONS
        if option.name in asked and option.name in running and asked[option.name] != running[option.name]
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "not set" if value is None else str(value)


def settings(state_dir: Path, values: Values) -> Settings:
    """Raises StateUnsafe for a token file that others can read."""
    files = [Path(name) for name in values["token"]]
    return Settings(
        state_dir=state_dir,
        api_port=values["api_port"],
        edge_http_port=values["edge_http_port"],
        edge_https_port=values["edge_https_port"],
        flycast_port=values["flycast_port"],
        runtime=values["runtime"],
        cache_dir=Path(values["cache_dir"]),
        image_dir=Path(values["image_dir"]) if values["image_dir"] else None,
        tokens=tuple(Token(read_token(path)) for path in files),
        token_file=files[0] if files else None,
        allowed_hosts=tuple(values["allow_host"]),
        foreign_apps=tuple(values["foreign_app"]),
        orgs=(Organization("personal", "Personal"), *(Organization(slug, slug) for slug in values["org"])),
        rate_limits=values["rate_limits"],
        egress=values["egress"],
        wireguard_port=values["wireguard"],
        options=values,
        answers=questions.parse(values["answer"]),
        delays=values["delays"],
    )
