"""What the commands do: start, stop and look into an emulator."""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from . import daemon, options
from .settings import Settings
from .state.directory import claim, read_token


class Failure(Exception):
    """A command cannot do its work; the text goes to the person, the exit code is 1."""


def start(arguments: argparse.Namespace) -> int:
    state_dir: Path = arguments.state_dir
    asked = options.given(arguments)
    runs = None if arguments.foreground else daemon.running(state_dir)
    if runs is not None:
        return _already(state_dir, asked, runs)
    claim(state_dir)
    values = options.complete(({} if arguments.defaults else options.remembered(state_dir)) | asked)
    if arguments.foreground:
        return _serve(state_dir, values)
    log_file = Path(values["log_file"] or state_dir / "emulator.log")
    words = ["--state-dir", str(state_dir), "--defaults", *options.words(values)]
    info = daemon.start(state_dir, words, log_file)
    print(f"The emulator runs (pid {info['pid']}, log {log_file}).")
    _print_info(info)
    return 0


def _already(state_dir: Path, asked: options.Values, runs: dict[str, Any]) -> int:
    other = options.differences(asked, runs.get("options", {}))
    if other:
        where = f"--state-dir {shlex.quote(str(state_dir))}"
        raise Failure(
            f"The emulator already runs (pid {runs['pid']}), with other options than these:\n" + "\n".join(other) + "\n"
            "It takes options only when it starts. Stop it, then start it with them (its state stays):\n"
            f"  fly-emulator stop {where}\n  fly-emulator start {where} {shlex.join(options.words(asked))}"
        )
    print(f"The emulator already runs (pid {runs['pid']}).")
    _print_info(runs)
    return 0


def _serve(state_dir: Path, values: options.Values) -> int:
    settings = options.settings(state_dir, values)
    with daemon.single(state_dir) as alone:
        if not alone:
            raise Failure(f"An emulator already runs on {state_dir}. See `fly-emulator status`.")
        (state_dir / "emulator.json").unlink(missing_ok=True)
        asyncio.run(_until_stopped(settings, values))
        (state_dir / "emulator.json").unlink(missing_ok=True)
    return 0


async def _until_stopped(settings: Settings, values: options.Values) -> None:
    from .server import Emulator  # slow to import, and needed by this command only

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with Emulator(settings) as emulator:
        options.remember(settings.state_dir, values)
        _print_info(emulator.info())
        await ended.wait()
        print("Stopping machines.", flush=True)


def _print_info(info: dict[str, Any]) -> None:
    print(f"""\
  Machines API  {info["api_url"]}   (FLY_FLAPS_BASE_URL, FLY_API_BASE_URL)
  Token         in {info["token_file"]}   (FLY_API_TOKEN)
  Apps          https://APP.fly.dev.localhost:{info["edge_https_port"]}, http on {info["edge_http_port"]}
  Flycast       http on {info["flycast_port"]}, for Host APP.flycast
  CA            {info["ca_file"]}
  State         {info["state_dir"]}
  Machines run  in the {info["tier"]} tier""")
    for missing in info["guarantees"]["missing"]:
        print(f"    without: {missing}")
    sys.stdout.flush()


def _running(arguments: argparse.Namespace) -> dict[str, Any]:
    """Where the running emulator is; raises Failure when there is none."""
    info = daemon.running(arguments.state_dir)
    if info is None:
        raise Failure(f"No emulator runs on {arguments.state_dir}. Start it with `fly-emulator start`.")
    return info


def token(arguments: argparse.Namespace) -> int:
    print(read_token(Path(_running(arguments)["token_file"])))
    return 0


def stop(arguments: argparse.Namespace) -> int:
    if daemon.running(arguments.state_dir) is not None:
        # A machine may take its whole kill_timeout, up to five minutes.
        print("Stopping the machines and the emulator.", flush=True)
    print("The emulator has stopped." if daemon.stop(arguments.state_dir) else "No emulator runs.")
    return 0


def status(arguments: argparse.Namespace) -> int:
    info = daemon.running(arguments.state_dir)
    if arguments.json:
        print(json.dumps({"running": info is not None, **(info or {})}))
    elif info is None:
        print(f"No emulator runs on {arguments.state_dir}. Start it with `fly-emulator start`.")
    else:
        print(f"The emulator runs (pid {info['pid']}, version {info['version']}).")
        _print_info(info)
        _print_answers(_call(arguments, "/emulator/v1/answers")["questions"])
    return 0 if info else 3


def _print_answers(asked: list[dict[str, Any]]) -> None:
    print("  Answers to what is not known of Fly (start --answer NAME=ANSWER)")
    for question in asked:
        others = [f"or {answer}" for answer in question["answers"] if answer != question["answer"]]
        print(f"    {question['name']}={question['answer']}  ({', '.join(others)})")
        print(f"      {question['text']}. {question['source']}.")


def _call(arguments: argparse.Namespace, path: str, method: str = "GET", body: Any = None) -> Any:
    """Ask the running emulator; raises Failure when there is none or it refuses."""
    info = _running(arguments)
    request = urllib.request.Request(
        info["api_url"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {read_token(Path(info['token_file']))}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        said = json.loads(error.read() or b"{}").get("error", error.reason)
        raise Failure(f"The emulator refused: {said}") from error
    return json.loads(text) if text else None


def journal(arguments: argparse.Namespace) -> int:
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


def logs(arguments: argparse.Namespace) -> int:
    for line in _call(arguments, f"/api/v1/apps/{arguments.app}/logs")["data"]:
        shown = line["attributes"]
        provider = shown["meta"]["event"]["provider"]
        print(
            f"{shown['timestamp'][:19]}Z {provider}[{shown['instance']}] {shown['region']} [{shown['level']}] "
            f"{shown['message']}"
        )
    return 0


def reset(arguments: argparse.Namespace) -> int:
    _call(arguments, "/emulator/v1/reset", "POST")
    print("The emulator has forgotten everything.")
    return 0


def faults(arguments: argparse.Namespace) -> int:
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


def clock(arguments: argparse.Namespace) -> int:
    now = _call(arguments, "/emulator/v1/clock", "POST", {"advance": arguments.seconds})["now"]
    print(f"The platform's clock is at {datetime.fromtimestamp(now):%Y-%m-%d %H:%M:%S}.")
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "start": start,
    "stop": stop,
    "status": status,
    "token": token,
    "journal": journal,
    "logs": logs,
    "reset": reset,
    "faults": faults,
    "clock": clock,
}
