"""The command line: start, stop and look into an emulator."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

from . import __version__, daemon
from .runtime import TIERS, RuntimeUnavailable
from .settings import (
    DEFAULT_API_PORT,
    DEFAULT_HTTP_PORT,
    DEFAULT_HTTPS_PORT,
    DEFAULT_TOKEN,
    Organization,
    Settings,
    Token,
    default_cache_dir,
    default_state_dir,
)
from .state.store import StateUnreadable

WIREGUARD_PORT = 51820
"""What every file for a peer names."""


class Failure(Exception):
    """A command cannot do its work; the text goes to the person, the exit code is 1."""


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state-dir",
        type=Path,
        default=default_state_dir(),
        metavar="DIR",
        help="where the emulator keeps its state (default: %(default)s)",
    )
    whole = argparse.ArgumentParser(prog="fly-emulator", description="Fly.io on this machine.")
    whole.add_argument("--version", action="version", version=f"fly-emulator {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    start = commands.add_parser("start", parents=[common], help="start it in the background")
    start.add_argument("--api-port", type=int, default=DEFAULT_API_PORT, help="Machines API (default: %(default)s)")
    start.add_argument(
        "--edge-https-port", type=int, default=DEFAULT_HTTPS_PORT, help="https of the apps (default: %(default)s)"
    )
    start.add_argument(
        "--edge-http-port", type=int, default=DEFAULT_HTTP_PORT, help="http of the apps (default: %(default)s)"
    )
    start.add_argument("--flycast-port", type=int, default=0, help="http of APP.flycast (default: any free one)")
    start.add_argument(
        "--runtime",
        choices=TIERS,
        default="auto",
        help="how machines run (default: %(default)s)",
    )
    start.add_argument(
        "--cache-dir",
        type=Path,
        default=default_cache_dir(),
        metavar="DIR",
        help="where images are kept (default: %(default)s)",
    )
    start.add_argument("--image-dir", type=Path, metavar="DIR", help="images of your own")
    start.add_argument(
        "--org", action="append", default=[], metavar="SLUG", help="an organisation besides `personal`; may be repeated"
    )
    start.add_argument(
        "--foreign-app",
        action="append",
        default=[],
        metavar="NAME",
        help="an app name that somebody else holds; may be repeated",
    )
    start.add_argument(
        "--token",
        action="append",
        default=[],
        metavar="FILE",
        type=Path,
        help=f"a file with a token to accept besides `{DEFAULT_TOKEN}`; may be repeated",
    )
    start.add_argument("--rate-limits", action="store_true", help="answer 429 as Fly does")
    start.add_argument(
        "--egress", action="store_true", help="let machines reach the internet; needs slirp4netns where they are apart"
    )
    start.add_argument(
        "--wireguard",
        type=int,
        nargs="?",
        const=WIREGUARD_PORT,
        metavar="PORT",
        help=f"let WireGuard peers in, at UDP port {WIREGUARD_PORT} unless told otherwise; needs root and wireguard-go",
    )
    start.add_argument("--log-file", type=Path, metavar="FILE", help="(default: STATE_DIR/emulator.log)")
    start.add_argument("--foreground", action="store_true", help="stay in this terminal")

    commands.add_parser("stop", parents=[common], help="stop it and its machines")
    status = commands.add_parser("status", parents=[common], help="say whether and where it runs")
    status.add_argument("--json", action="store_true")
    journal = commands.add_parser("journal", parents=[common], help="show the requests it got")
    journal.add_argument("--kind", default="", help="read, write or exec; several with commas")
    journal.add_argument("--app", default="")
    journal.add_argument("--json", action="store_true")
    logs = commands.add_parser("logs", parents=[common], help="show an app's log")
    logs.add_argument("app", metavar="APP")
    commands.add_parser("reset", parents=[common], help="forget all apps, machines, volumes and the journal")
    faults = commands.add_parser("faults", parents=[common], help="show, add or clear fault rules")
    faults.add_argument("rule", nargs="?", help="a rule as JSON, or `clear`; without it the rules are shown")
    clock = commands.add_parser("clock", parents=[common], help="move the platform's clock")
    clock.add_argument("action", choices=("advance",))
    clock.add_argument("seconds", type=float, metavar="SECONDS")
    return whole


def main(argv: list[str] | None = None) -> int:
    """Run a command; return the exit code."""
    arguments = parser().parse_args(argv)
    arguments.state_dir = arguments.state_dir.absolute()
    try:
        code: int = COMMANDS[arguments.command](arguments)
        return code
    except (Failure, daemon.DaemonError, daemon.PortInUse, RuntimeUnavailable, StateUnreadable) as error:
        print(f"fly-emulator: {error}", file=sys.stderr)
    except OSError as error:
        print(f"fly-emulator: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def _start(arguments: argparse.Namespace) -> int:
    if arguments.foreground:
        return _serve(arguments)
    held = daemon.running(arguments.state_dir)
    if held is not None:
        print(f"The emulator already runs (pid {held['pid']}).")
        _tell(held)
        return 0
    arguments.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    log_file = (arguments.log_file or arguments.state_dir / "emulator.log").absolute()
    info = daemon.start(arguments.state_dir, _again(arguments), log_file)
    print(f"The emulator runs (pid {info['pid']}, log {log_file}).")
    _tell(info)
    return 0


def _again(arguments: argparse.Namespace) -> list[str]:
    """The options of `start` for the background process."""
    words = [
        "--state-dir",
        str(arguments.state_dir),
        "--api-port",
        str(arguments.api_port),
        "--edge-https-port",
        str(arguments.edge_https_port),
        "--edge-http-port",
        str(arguments.edge_http_port),
        "--flycast-port",
        str(arguments.flycast_port),
        "--runtime",
        arguments.runtime,
        "--cache-dir",
        str(arguments.cache_dir.absolute()),
    ]
    if arguments.image_dir:
        words += ["--image-dir", str(arguments.image_dir.absolute())]
    if arguments.wireguard is not None:
        words += ["--wireguard", str(arguments.wireguard)]
    for flag, values in (
        ("--org", arguments.org),
        ("--foreign-app", arguments.foreign_app),
        ("--token", [path.absolute() for path in arguments.token]),
    ):
        for value in values:
            words += [flag, str(value)]
    return [*words, *(flag for flag in ("--rate-limits", "--egress") if getattr(arguments, flag[2:].replace("-", "_")))]


def _serve(arguments: argparse.Namespace) -> int:
    tokens = [Token(DEFAULT_TOKEN), *(Token(path.read_text(encoding="utf-8").strip()) for path in arguments.token)]
    settings = Settings(
        state_dir=arguments.state_dir,
        api_port=arguments.api_port,
        edge_http_port=arguments.edge_http_port,
        edge_https_port=arguments.edge_https_port,
        flycast_port=arguments.flycast_port,
        runtime=arguments.runtime,
        cache_dir=arguments.cache_dir,
        image_dir=arguments.image_dir,
        tokens=tuple(tokens),
        foreign_apps=tuple(arguments.foreign_app),
        orgs=(Organization("personal", "Personal"), *(Organization(slug, slug) for slug in arguments.org)),
        rate_limits=arguments.rate_limits,
        egress=arguments.egress,
        wireguard_port=arguments.wireguard,
    )
    with daemon.single(arguments.state_dir) as alone:
        if not alone:
            raise Failure(f"An emulator already runs on {arguments.state_dir}. See `fly-emulator status`.")
        (arguments.state_dir / "emulator.json").unlink(missing_ok=True)
        asyncio.run(_until_stopped(settings))
        (arguments.state_dir / "emulator.json").unlink(missing_ok=True)
    return 0


async def _until_stopped(settings: Settings) -> None:
    from .server import Emulator  # slow to import, and needed by this command only

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with Emulator(settings) as emulator:
        _tell(emulator.info())
        await ended.wait()
        print("Stopping machines.", flush=True)


def _tell(info: dict[str, Any]) -> None:
    print(f"""\
  Machines API  {info["api_url"]}   (FLY_FLAPS_BASE_URL, FLY_API_BASE_URL; token: {DEFAULT_TOKEN})
  Apps          https://APP.fly.dev.localhost:{info["edge_https_port"]}, http on {info["edge_http_port"]}
  Flycast       http on {info["flycast_port"]}, for Host APP.flycast
  CA            {info["ca_file"]}
  State         {info["state_dir"]}
  Machines run  in the {info["tier"]} tier""")
    for missing in info["guarantees"]["missing"]:
        print(f"    without: {missing}")
    sys.stdout.flush()


def _stop(arguments: argparse.Namespace) -> int:
    if daemon.running(arguments.state_dir) is not None:
        # A machine may take its whole kill_timeout, up to five minutes.
        print("Stopping the machines and the emulator.", flush=True)
    print("The emulator has stopped." if daemon.stop(arguments.state_dir) else "No emulator runs.")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    info = daemon.running(arguments.state_dir)
    if arguments.json:
        print(json.dumps({"running": info is not None, **(info or {})}))
    elif info is None:
        print(f"No emulator runs on {arguments.state_dir}. Start it with `fly-emulator start`.")
    else:
        print(f"The emulator runs (pid {info['pid']}, version {info['version']}).")
        _tell(info)
    return 0 if info else 3


def _call(arguments: argparse.Namespace, path: str, method: str = "GET", body: Any = None) -> Any:
    """Ask the running emulator; raises Failure when there is none or it refuses."""
    info = daemon.running(arguments.state_dir)
    if info is None:
        raise Failure(f"No emulator runs on {arguments.state_dir}. Start it with `fly-emulator start`.")
    request = urllib.request.Request(
        info["api_url"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {DEFAULT_TOKEN}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        said = json.loads(error.read() or b"{}").get("error", error.reason)
        raise Failure(f"The emulator refused: {said}") from error
    return json.loads(text) if text else None


def _journal(arguments: argparse.Namespace) -> int:
    entries = _call(arguments, f"/emulator/v1/journal?kind={arguments.kind}&app={arguments.app}")["entries"]
    if arguments.json:
        print(json.dumps(entries))
        return 0
    for entry in entries:
        when = datetime.fromtimestamp(entry["time"]).strftime("%H:%M:%S")
        query = f"?{entry['query']}" if entry["query"] else ""
        fault = f"  [{entry['fault']}]" if entry["fault"] else ""
        print(f"{when} {entry['kind']:5} {entry['status']:3} {entry['method']:6} {entry['path']}{query}{fault}")
    return 0


def _logs(arguments: argparse.Namespace) -> int:
    for line in _call(arguments, f"/api/v1/apps/{arguments.app}/logs")["data"]:
        shown = line["attributes"]
        provider = shown["meta"]["event"]["provider"]
        print(
            f"{shown['timestamp'][:19]}Z {provider}[{shown['instance']}] {shown['region']} [{shown['level']}] "
            f"{shown['message']}"
        )
    return 0


def _reset(arguments: argparse.Namespace) -> int:
    _call(arguments, "/emulator/v1/reset", "POST")
    print("The emulator has forgotten everything.")
    return 0


def _faults(arguments: argparse.Namespace) -> int:
    if arguments.rule == "clear":
        _call(arguments, "/emulator/v1/faults", "DELETE")
        return 0
    if arguments.rule:
        try:
            rule = json.loads(arguments.rule)
        except ValueError as error:
            raise Failure(
                f'The rule is not JSON ({error}). Example: {{"method":"POST","path":"/machines$","status":503}}'
            ) from error
        print(json.dumps(_call(arguments, "/emulator/v1/faults", "POST", rule)["rules"], indent=2))
        return 0
    print(json.dumps(_call(arguments, "/emulator/v1/faults")["rules"], indent=2))
    return 0


def _clock(arguments: argparse.Namespace) -> int:
    now = _call(arguments, "/emulator/v1/clock", "POST", {"advance": arguments.seconds})["now"]
    print(f"The platform's clock is at {datetime.fromtimestamp(now):%Y-%m-%d %H:%M:%S}.")
    return 0


COMMANDS = {
    "start": _start,
    "stop": _stop,
    "status": _status,
    "journal": _journal,
    "logs": _logs,
    "reset": _reset,
    "faults": _faults,
    "clock": _clock,
}
