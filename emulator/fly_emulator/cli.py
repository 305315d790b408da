"""The command line: start, stop and look into an emulator."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from . import __version__, daemon, options
from .commands import COMMANDS, Failure
from .listen import PortInUse
from .runtime import RuntimeUnavailable
from .settings import default_state_dir
from .state.directory import StateUnreadable, StateUnsafe, check


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Read a command line; what is unknown ends in the usage of the command that was given, not of the whole."""
    whole, commands = parsers()
    arguments, unknown = whole.parse_known_args(argv)
    if unknown:
        meant = commands[arguments.command]
        near = difflib.get_close_matches(unknown[0].partition("=")[0], meant._option_string_actions, 1)
        meant.error(f"unknown: {' '.join(unknown)}.{f' Did you mean {near[0]}?' if near else ''}")
    return arguments


def parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The whole, and each command's own."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state-dir",
        type=Path,
        default=default_state_dir(),
        metavar="DIR",
        help="where the emulator keeps its state (default: %(default)s)",
    )
    whole = argparse.ArgumentParser(prog="fly-emulator", description="Fly.io on this machine.", allow_abbrev=False)
    whole.add_argument("--version", action="version", version=f"fly-emulator {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    made: dict[str, argparse.ArgumentParser] = {}

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made[name] = commands.add_parser(name, parents=[common], help=text, allow_abbrev=False)
        return made[name]

    start = command("start", "start it in the background")
    for option in options.OPTIONS:
        option.add(start)
    start.add_argument(
        "--defaults",
        action="store_true",
        help="do not take over the options of the last start on this state directory",
    )
    start.add_argument("--foreground", action="store_true", help="stay in this terminal")
    command("stop", "stop it and its machines")
    status = command("status", "show whether and where it runs")
    status.add_argument("--json", action="store_true")
    command("token", "print the token that its APIs accept")
    journal = command("journal", "show the requests it got")
    journal.add_argument("--kind", default="", help="read, write or exec; several with commas")
    journal.add_argument("--app", default="")
    journal.add_argument("--json", action="store_true")
    command("logs", "show an app's log").add_argument("app", metavar="APP")
    command("reset", "forget all apps, machines, volumes and the journal")
    faults = command("faults", "show, add or clear fault rules")
    faults.add_argument("rule", nargs="?", help="a rule as JSON, or `clear`; without it the rules are shown")
    clock = command("clock", "move the platform's clock")
    clock.add_argument("action", choices=("advance",))
    clock.add_argument("seconds", type=float, metavar="SECONDS")
    return whole, made


def main(argv: list[str] | None = None) -> int:
    """Run a command; return the exit code."""
    arguments = parse(argv)
    arguments.state_dir = arguments.state_dir.absolute()
    try:
        check(arguments.state_dir)
        return COMMANDS[arguments.command](arguments)
    except (
        Failure, daemon.DaemonError, PortInUse, RuntimeUnavailable, StateUnreadable, StateUnsafe, OSError,
    ) as error:  # fmt: skip
        print(f"fly-emulator: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1
