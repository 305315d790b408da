# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges of what the role fly_app declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .._base.errors import CollectionError
from .._base.project_folder import NoFolder, is_encrypted, is_nowhere, is_tracked
from .._base.secret_values import fault_of
from .._fly.facts import limits, names, regions
from .._fly.facts.guests import guest
from .._fly.facts.names import Rejected
from .._fly.images import flyctl, image_programs
from .._fly.images.build import build_wanted, source_of
from .._fly.machines.exposure import HIDDEN
from .._fly.machines.retirement import retired
from .._fly.toml.definition import FlyToml
from .._fly.toml.secret_check import refuse_in_settings
from .._openclaw.problems import Problem
from .declaration import Declaration


def _refused(path: str, rejected: Rejected | None, rule: str) -> Iterator[Problem]:
    if rejected:
        yield Problem(path, rejected.why, (), rejected.todo, rule)


def _failed(path: str, error: CollectionError, rule: str) -> Problem:
    return Problem(path, f"{error.what}: {error.why}" if error.why else error.what, (), error.todo, rule)


def files_have_a_folder(declaration: Declaration) -> Iterator[Problem]:
    """Beside a list of hosts (`-i name,`) there is no folder; the default paths then begin at the root."""
    if any(is_nowhere(Path(path)) for path in declaration.app.files):
        error = NoFolder()
        yield Problem(error.where, f"{error.what}: {error.why}", (), error.todo, "folder")


def files_out_of_git(declaration: Declaration) -> Iterator[Problem]:
    """A secret in a repository is with everybody who has a clone, and with each later commit of it."""
    for path in map(Path, declaration.app.files):
        if ".secrets" in path.parts and path.exists() and not is_encrypted(path) and is_tracked(path):
            todo = f"Run git rm --cached {path} and make a new token, or encrypt the file with ansible-vault encrypt"
            yield Problem(str(path), "holds a secret and is tracked by git", (), todo, "tracked-secret")


def shared_app(declaration: Declaration) -> Iterator[Problem]:
    """One app has one host: two would undo each other's work in one run."""
    if others := ", ".join(declaration.app.sharing):
        why = f"the app {declaration.app.name} is declared by {others} too"
        todo = "Give each host its own app name, or remove one of them from the group"
        yield Problem("fly_app_name", why, (), todo, "shared-app")


def name(declaration: Declaration) -> Iterator[Problem]:
    yield from _refused("fly_app_name", names.app_name(declaration.app.name), "app-name")


def retirement(declaration: Declaration) -> Iterator[Problem]:
    """A scheduled run must not bring back what is to be destroyed."""
    if note := retired(declaration.platform.machines or ()):
        why = f"the app {declaration.app.name} was retired at {note.at}, and is kept until {note.keep_until}"
        todo = "Remove the host from the inventory; or take it back into use: playbook teardown, -e phase=return"
        yield Problem("fly_app_name", why, (), todo, "retired")


def token(declaration: Declaration) -> Iterator[Problem]:
    """A person's token may cover more organizations than it tells of; fly_app asks when it makes an app."""
    scope = declaration.platform.scope
    why = scope.refusal(declaration.app.name, None if scope.user else declaration.app.org, create=False)
    if why:
        todo = "Use a token that covers it (fly tokens create org, or fly tokens create deploy once the app exists)"
        yield Problem("fly_api_token", f"it cannot manage the app: {why}", (), todo, rule="token")


def image(declaration: Declaration) -> Iterator[Problem]:
    if declaration.app.image == "":
        todo = "Set fly_app_image, or fly_app_build; for an OpenClaw gateway use the role openclaw.fly.openclaw_gateway"
        yield Problem("fly_app_image", "is empty: there is nothing to run", (), todo, "image")


def region(declaration: Declaration) -> Iterator[Problem]:
    """Known regions need no request; for another one Fly.io itself is asked."""
    for number, code in enumerate(declaration.app.regions):
        path = f"fly_app_fallback_regions[{number - 1}]" if number else "fly_app_region"
        listed = None if regions.is_known(code) else declaration.platform.regions
        yield from _refused(path, regions.region(code, listed), "region")


def port(declaration: Declaration) -> Iterator[Problem]:
    gateway = declaration.gateway
    ports = {"fly_app_port": declaration.app.port, "fly_app_https_port": gateway.https_port if gateway else None}
    for variable, number in ports.items():
        if number is not None and not 1 <= number <= 65535:
            yield Problem(variable, f"is {number}, which is no port", (), "Write a number from 1 to 65535", "port")


def machine_size(declaration: Declaration) -> Iterator[Problem]:
    app = declaration.app
    if not app.vm_size and not app.vm_memory:
        return
    try:
        guest({"size": app.vm_size, "memory": app.vm_memory}, "fly_app_vm_size")
    except CollectionError as error:
        yield _failed("fly_app_vm_size and fly_app_vm_memory", error, "machine-size")


def times(declaration: Declaration) -> Iterator[Problem]:
    """As fly.toml takes them, each alone: the rules are asked only of what fits the schema."""
    for name, value in declaration.app.times.items():
        key = name.removeprefix("check_")
        if key == name:
            definition: dict[str, Any] = {name: value}
        elif declaration.app.exposure == "sealed":
            definition = {"checks": {"app": {"type": "http", "port": 80, key: value}}}
        else:
            definition = {"http_service": {"internal_port": 80, "checks": [{key: value}]}}
        try:
            FlyToml.parse(definition)
        except CollectionError as error:
            message = error.why.partition(": ")[2]
            todo = f"Write fly_app_{name}: TIME, such as 30s, or remove the line for the default"
            yield Problem(f"fly_app_{name}", message, (), todo, "time")


def programs(declaration: Declaration) -> Iterator[Problem]:
    """Each that would go into a derived image."""
    declared = [
        (f"fly_app_image_programs[{n}]", [dict(each)], None) for n, each in enumerate(declaration.app.image_programs)
    ]
    for path, given, signal in [*declared, ("fly_app_image_signal", [], dict(declaration.app.image_signal))]:
        try:
            image_programs.programs(given, signal)
        except CollectionError as error:
            named = f"{error.where}: " if error.where not in (path, "a program") else ""
            yield Problem(path, f"{named}{error.why}", (), error.todo, "image-program")


def build(declaration: Declaration) -> Iterator[Problem]:
    """A folder is looked at; a repository is not asked."""
    if not declaration.app.build:
        return
    try:
        source_of(build_wanted(FlyToml.parse({}), dict(declaration.app.build)))
    except CollectionError as error:
        todo = error.todo.replace("build.", "fly_app_build.")
        yield Problem("fly_app_build", f"{error.what}: {error.why}" if error.why else error.what, (), todo, "build")


def builder(declaration: Declaration) -> Iterator[Problem]:
    """Where a machine runs, its image may be there already."""
    program = declaration.app.flyctl
    if program and not declaration.platform.machines and flyctl.find(program) is None:
        yield Problem("fly_app_flyctl", f"there is no {program}: it builds the image", (), flyctl.INSTALL, "flyctl")


def volume(declaration: Declaration) -> Iterator[Problem]:
    app = declaration.app
    if not app.volume_name:
        return
    yield from _refused("fly_app_volume_name", names.volume_name(app.volume_name), "volume-name")
    if app.volume_size_gb is not None:
        yield from _refused("fly_app_volume_size_gb", limits.volume_size(app.volume_size_gb), "volume-size")
    if app.snapshot_retention is not None:
        retention = limits.snapshot_retention(app.snapshot_retention)
        yield from _refused("fly_app_snapshot_retention", retention, "snapshot-retention")


def env(declaration: Declaration) -> Iterator[Problem]:
    app = declaration.app
    for variable in app.env:
        yield from _refused(f"fly_app_env.{variable}", names.variable_name(variable), "env-name")
    for variable, value in app.env.items():
        if not isinstance(value, str | int | float):
            kind = "null" if value is None else "a dictionary" if isinstance(value, Mapping) else "no text"
            todo = "Write a text in quotes (a number, true and false are taken as text), or remove the line"
            yield Problem(f"fly_app_env.{variable}", f"is {kind}", (), todo, "env-value")
    yield from _refused("fly_app_env", limits.config_size({"env": dict(app.env)}), "env-size")
    try:
        refuse_in_settings(app.env, None, "fly_app_env", app.public_env)
    except CollectionError as error:
        yield _failed("fly_app_env", error, "env-secret")


def secrets(declaration: Declaration) -> Iterator[Problem]:
    for secret, value in declaration.app.secrets.items():
        path = f"fly_app_secrets.{secret}"
        if secret in declaration.app.env:
            why = "is in fly_app_env too, and the machine gets one value of a name"
            yield Problem(path, why, (), "Remove it from one of the two", "secret-and-env")
        yield from _refused(path, names.secret_name(secret), "secret-name")
        if fault := fault_of(value):
            todo = (
                f"Export {secret} in this shell, take it from a vault, or remove the line" if not value else fault.todo
            )
            yield Problem(path, fault.why, (), todo, "secret-value")


def host_names(declaration: Declaration) -> Iterator[Problem]:
    for number, hostname in enumerate(declaration.app.certificates):
        yield from _refused(f"fly_app_hostnames[{number}]", names.hostname(hostname), "hostname")


def publishing(declaration: Declaration) -> Iterator[Problem]:
    """What is private or sealed stays so, unless somebody says that it may become public."""
    app = declaration.app
    if app.exposure != "public" or app.allow_public:
        return
    now = declaration.platform.exposure
    if now in HIDDEN:
        yield Problem(
            "fly_app_exposure",
            f"is public (set, or by default), but the app is {now}; the run would open it to the internet",
            (),
            f"Set fly_app_exposure: {now} to keep it so, or run the playbook openclaw.fly.convert, which asks first",
            "publishing",
        )
