# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of the variables of encrypted backups: the backup itself comes after the gateway was suspended."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._archive.age import Recipients
from .._archive.place import S3_OPTIONS, access_of, bucket_of, is_bucket, store_of
from .._archive.retention import RULES, Retention
from .._base.errors import CollectionError, MissingLibrary
from .._openclaw.problems import Problem

RULE = "backup"


def _failed(path: str, error: CollectionError) -> Problem:
    return Problem(path, f"{error.what}: {error.why}" if error.why else error.what, (), error.todo, RULE)


def folder(path: str, value: str) -> Iterator[Problem]:
    """Only backup.yml asks: elsewhere the disk for backups need not be there. A bucket is asked by a task."""
    try:
        if not is_bucket(value):
            store_of(os.path.expandvars(value)).check()
    except CollectionError as error:
        yield _failed(path, error)


def _place(name: str, value: Any) -> Iterator[Problem]:
    try:
        if is_bucket(str(value)):
            bucket_of(str(value))
    except CollectionError as error:
        yield _failed(name, error)


def _s3(name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    wrong = False
    for option, value in given.items():
        path = f"{name}.{option}"
        if option not in S3_OPTIONS:
            near = difflib.get_close_matches(str(option), S3_OPTIONS, 1)
            todo = f"Did you mean {near[0]}?" if near else f"Choose of {', '.join(S3_OPTIONS)}"
            yield Problem(path, "is not known of a bucket", (), todo, RULE)
        elif option == "path_style" and str(value).strip().lower() not in ("true", "false"):
            yield Problem(path, "must be true or false", (), "Write path_style: true", RULE)
        elif option != "path_style" and not isinstance(value, str):
            yield Problem(path, "must be text", (), "Write it in quotes, or remove it", RULE)
        else:
            continue
        wrong = True
    if not wrong:
        try:
            access_of(given)
        except CollectionError as error:
            yield _failed(name, error)


def _keep(name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    wrong = False
    for rule, number in given.items():
        path = f"{name}.{rule}"
        if rule not in RULES:
            near = difflib.get_close_matches(str(rule), RULES, 1)
            todo = f"Did you mean {near[0]}?" if near else f"Choose of {', '.join(RULES)}"
            yield Problem(path, "is no rule by which backups are kept", (), todo, RULE)
        elif isinstance(number, bool) or not re.fullmatch(r"\d+", str(number).strip()):
            yield Problem(path, "must be a whole number, 0 or more", (), f"Write {rule}: NUMBER", RULE)
        else:
            continue
        wrong = True
    if not wrong:
        try:
            Retention.of({rule: int(number) for rule, number in given.items()})
        except CollectionError as error:
            yield _failed(name, error)


def _recipients(name: str, given: list[Any]) -> Iterator[Problem]:
    for number, key in enumerate(str(each).strip() for each in given):
        path = f"{name}[{number}]"
        if "SECRET-KEY-" in key.upper() or "PRIVATE KEY" in key:
            todo = "Give its public one, and make another pair if others could read this"
            yield Problem(path, "this is a private key", (), todo, RULE)
            continue
        try:
            Recipients([key])
        except MissingLibrary:
            if not key.startswith(("age1", "ssh-")):
                todo = "Give a key that begins with age1 or ssh-"
                yield Problem(path, "a recipient is no public key of age", (), todo, RULE)
        except CollectionError as error:
            yield _failed(path, error)


JUDGES: dict[str, Callable[[str, Any], Iterator[Problem]]] = {
    "fly_app_backup_folder": _place,
    "fly_app_backup_keep": _keep,
    "fly_app_backup_recipients": _recipients,
    "fly_app_backup_s3": _s3,
}
"""By variable, for a value that is of its kind."""
