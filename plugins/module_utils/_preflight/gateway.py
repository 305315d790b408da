# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges of what the inventory declares of a gateway: the command, the config, and what joins both to the app."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from .._base.errors import CollectionError
from .._base.secret_recognition import find_in_command
from .._fly.facts.guests import memory_mb
from .._gateway.running_release import another_release
from .._gateway.upgrade_note import failed_releases
from .._openclaw import channels, config_rules, config_schema, process, secret_values
from .._openclaw.config_judge import judge
from .._openclaw.config_rules import Facts
from .._openclaw.errors import InvalidValue
from .._openclaw.plugins import EGRESS, NO_WAY_OUT, unpinned
from .._openclaw.problems import ConfigRefused, Problem
from .._openclaw.releases import Release
from .._openclaw.rule import all_ids, is_waivable, may_be_waived, waivable_ids
from .._openclaw.secrets import secret_name
from .._openclaw.skills import wanted as read_skills
from .._openclaw.tunnels.check import check as check_tunnels
from .authority import unusable
from .declaration import Declaration, Gateway

may_be_waived("downgrade")


def command(declaration: Declaration) -> Iterator[Problem]:
    if gateway := declaration.gateway:
        behind_proxy = declaration.app.exposure != "sealed"
        yield from process.check(gateway.command, gateway.internal_port, behind_proxy=behind_proxy)
        if found := find_in_command(gateway.command):
            why = f"holds {found.reason} ({found.name or 'by its form'}); it would stand readable in fly.toml"
            name = secret_name((), found.name or "token")
            todo = f"Set the Fly secret {name} (fly_app_secrets): the process has it in its environment"
            yield Problem("fly_app_command", why, (), todo, "command-secret")


def authority(declaration: Declaration) -> Iterator[Problem]:
    if declaration.gateway and declaration.gateway.ca_file:
        yield from unusable("openclaw_config_ca_file", declaration.gateway.ca_file)


def memory(declaration: Declaration) -> Iterator[Problem]:
    gateway, given = declaration.gateway, declaration.app.vm_memory
    if not gateway or not given:
        return
    try:
        available = memory_mb(given, "fly_app_vm_memory")
    except CollectionError:
        return
    if available < gateway.memory_floor_mb:
        floor = gateway.memory_floor_mb
        why = f"{given} is less than the {floor} MB that the gateway needs with what is in its image"
        yield Problem("fly_app_vm_memory", why, (), f"Set fly_app_vm_memory to {floor}mb or more", rule="memory")
    if gateway.heap_mb and gateway.heap_mb > available * process.HEAP_SHARE:
        most = int(available * process.HEAP_SHARE)
        why = f"a heap of {gateway.heap_mb} MB leaves too little of {available} MB: the machine is killed when it fills"
        todo = f"Set fly_app_heap_mb to {most} or less, or give more fly_app_vm_memory"
        yield Problem("fly_app_heap_mb", why, (), todo, rule="heap")


def volume(declaration: Declaration) -> Iterator[Problem]:
    if declaration.gateway and declaration.app.volume_name == "":
        todo = "Remove the line for the default"
        yield Problem("fly_app_volume_name", "is empty: a gateway keeps its state on a volume", (), todo, "no-volume")


def config_on_the_volume(declaration: Declaration) -> Iterator[Problem]:
    """The gateway reads its config from the state directory, which is the volume's root."""
    gateway = declaration.gateway
    if not gateway or not gateway.config_path or not gateway.volume_path:
        return
    if PurePosixPath(gateway.config_path).parent != PurePosixPath(gateway.volume_path):
        why = f"{gateway.config_path} is not in {gateway.volume_path}, where the gateway looks for its config"
        todo = f"Leave openclaw_config_path out, or set it to {gateway.volume_path.rstrip('/')}/openclaw.json"
        yield Problem("openclaw_config_path", why, (), todo, rule="config-path")


def config(declaration: Declaration) -> Iterator[Problem]:
    """Judge the declared config by the rules, and by the release's schema if it is in the cache."""
    gateway = declaration.gateway
    if not gateway or not gateway.config:
        return
    rules = declaration.facts(gateway)
    problems = list(_in_config(declaration, gateway, rules))
    if problems and rules.secret_names is not None and not declaration.app.secrets_exact:
        # A shell that does not hold a secret which the app has is no fault: the app keeps it.
        rules = replace(rules, secret_names=rules.secret_names | declaration.platform.secret_names)
        problems = list(_in_config(declaration, gateway, rules))
    yield from problems


def _in_config(declaration: Declaration, gateway: Gateway, rules: Facts) -> Iterator[Problem]:
    declared = dict(gateway.config)
    yield from judge(declared, rules, config_schema.load(gateway.release, gateway.schema_cache))
    secrets, packages = dict(declaration.app.secrets), dict(gateway.packages)
    found = [
        *channels.check(declared, gateway.release, rules.secret_names, packages, secrets),
        *check_tunnels(list(gateway.tunnels), declared, rules),
    ]
    yield from (problem for problem in found if not config_rules.waived(problem, rules))
    yield from (
        Problem(f"openclaw_config_packages.{package}", why, (), todo, "plugin-pin")
        for package, why, todo in unpinned(packages)
    )


def release(declaration: Declaration) -> Iterator[Problem]:
    """A gateway's state only migrates forward: an older release refuses it, or starts and sees none of it."""
    gateway = declaration.gateway
    if not gateway:
        return
    try:
        Release.parse(gateway.release_text)
    except InvalidValue as error:
        yield Problem("fly_app_release", f"{error.what}: {error.why}", (), error.todo, rule="release")
        return
    running = [another_release(machine, gateway.release) for machine in declaration.platform.machines or ()]
    newest = max((found for found in running if found), default=None)
    if newest is None or newest <= gateway.release:
        return
    problem = Problem(
        "fly_app_release",
        f"is {gateway.release}, but {newest} runs: state only migrates forward, and an older release cannot read it",
        suggestion=f"Set fly_app_release to {newest}; or restore a snapshot from before the upgrade "
        "(fly_volume_snapshot_info lists them), and waive downgrade with a reason in openclaw_config_waivers",
        rule="downgrade",
    )
    if not config_rules.waived(problem, declaration.facts(gateway)):
        yield problem


def failed_release(declaration: Declaration) -> Iterator[Problem]:
    """One that upgrade.yml rolled back fails again, until something was done about it."""
    gateway = declaration.gateway
    if not gateway or gateway.retry_failed_release:
        return
    for machine in declaration.platform.machines or ():
        reason = failed_releases(machine).get(str(gateway.release))
        if reason:
            todo = "Declare another release; or, once its cause is fixed, add -e retry_failed_release=true"
            yield Problem("fly_app_release", f"{gateway.release} failed with this gateway ({reason})", (), todo)
            return


def secrets(declaration: Declaration) -> Iterator[Problem]:
    """Judge what OpenClaw's secrets hold; that they are texts at all, the app's own judge says."""
    gateway = declaration.gateway
    if not gateway:
        return
    if (name := "OPENCLAW_GATEWAY_TOKEN") in declaration.app.secrets:
        why = "has no effect: the gateway gets the token of fly_app_gateway_token"
        todo = "Set fly_app_gateway_token to it, and remove this line"
        yield Problem(f"fly_app_secrets.{name}", why, (), todo, "secret-name")
    rules = declaration.facts(gateway)
    for problem in secret_values.judge(declaration.app.secrets, gateway.token):
        known = problem.rule == "secret-value" and problem.path.startswith("fly_app_secrets.")
        if not known and not config_rules.waived(problem, rules):
            yield problem


def packages(declaration: Declaration) -> Iterator[Problem]:
    """A first run on an emulator without a way out would make everything and then fail at the first plugin."""
    gateway, platform = declaration.gateway, declaration.platform
    if gateway and gateway.packages and not platform.machines and not platform.reaches_out:
        names = ", ".join(map(str, gateway.packages))
        yield Problem("openclaw_config_packages", f"{names}: {NO_WAY_OUT}", (), EGRESS, "egress")


def skills(declaration: Declaration) -> Iterator[Problem]:
    """Each alone, as they are read when they are written to the volume."""
    gateway = declaration.gateway
    if not gateway:
        return
    titles: dict[str, str] = {}
    for name, given in gateway.skills.items():
        path = f"openclaw_config_skills.{name}"
        try:
            title = read_skills({name: given}, Path(gateway.skills_dir), path)[name].title
            if (twin := titles.setdefault(title, name)) != name:
                why = f"calls itself {title}, as {twin} does: they are one to an agent"
                yield Problem(path, why, (), "Write another name into one's SKILL.md, or leave one out", "skill")
        except ConfigRefused as error:
            yield from (replace(problem, path=path) for problem in error.problems)
        except CollectionError as error:
            yield Problem(path, f"{error.where}: {error.what}: {error.why}", (), error.todo, "skill")


def waivers(declaration: Declaration) -> Iterator[Problem]:
    """A waiver that waives nothing by a slip is silence: a misspelt id, a rule that cannot be waived, no reason."""
    gateway = declaration.gateway
    if not gateway:
        return
    for key, reason in gateway.waivers.items():
        where = f"openclaw_config_waivers.{key}"
        if not reason.strip():
            yield Problem(where, "has no reason", (), "Write why it may stay so, or remove the line", "waiver")
        elif key in all_ids():
            if not is_waivable(key):
                why = "is a rule that cannot be waived: what it reports cannot work"
                yield Problem(where, why, (), "Fix what it reports, and remove the line", "waiver")
        elif re.fullmatch("[a-z-]+", key) and key not in gateway.config:
            near = difflib.get_close_matches(key, waivable_ids(), 1, 0.7)
            todo = f"Did you mean {near[0]}?" if near else f"Choose one of {', '.join(waivable_ids())}, or a path"
            yield Problem(where, "is neither a rule nor a path of the config", (), todo, "waiver")
