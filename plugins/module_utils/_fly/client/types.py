# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Fly.io's APIs answer: the fields that the collection reads, and their types.

A field that is not `Required` may be missing or null; what is not listed is passed on as it is. Answers are checked
against these types where they enter (`shapes`). Source: the Machines API's OpenAPI document (2026-05), flyctl's types.
"""

from __future__ import annotations

from typing import Annotated, Any, Required, TypedDict

from .shapes import moment

Json = dict[str, Any]
Time = Annotated[str, moment]
"""ISO 8601."""


class ExitEvent(TypedDict, total=False):
    exit_code: int | None
    oom_killed: bool | None
    requested_stop: bool | None


class EventRequest(TypedDict, total=False):
    exit_event: ExitEvent | None


class Event(TypedDict, total=False):
    id: str | None
    type: str | None
    timestamp: int | None
    """Unix milliseconds."""
    request: EventRequest | None


class Check(TypedDict, total=False):
    name: str | None
    status: str | None
    """passing, warning or critical."""
    output: str | None


class Mount(TypedDict, total=False):
    volume: str | None
    name: str | None
    path: str | None


class Service(TypedDict, total=False):
    internal_port: int | None
    ports: list[Json] | None


class MachineConfig(TypedDict, total=False):
    image: str | None
    env: dict[str, object] | None
    init: Json | None
    guest: Json | None
    services: list[Service] | None
    checks: Json | None
    mounts: list[Mount] | None
    metadata: dict[str, str | None] | None
    standbys: list[str] | None


class Machine(TypedDict, total=False):
    id: Required[str]
    name: str | None
    state: Required[str]
    region: str | None
    instance_id: str | None
    """The version: a new one with every update."""
    config: Annotated[Json, MachineConfig]
    events: list[Event] | None
    """Newest first."""
    checks: list[Check] | None
    cordoned: bool | None


class Organization(TypedDict, total=False):
    slug: str | None


class App(TypedDict, total=False):
    id: str | None
    name: Required[str]
    network: str | None
    status: str | None
    machine_count: int | None
    volume_count: int | None
    organization: Organization | None


class Apps(TypedDict, total=False):
    apps: list[App] | None


class Volume(TypedDict, total=False):
    id: Required[str]
    name: Required[str]
    state: Required[str]
    region: Required[str]
    size_gb: Required[int]
    created_at: Time | None
    attached_machine_id: str | None
    bytes_used: int | None
    snapshot_retention: int | None
    auto_backup_enabled: bool | None


class Snapshot(TypedDict, total=False):
    id: Required[str]
    status: str | None
    created_at: Time | None
    size: int | None
    volume_size: int | None


class Network(TypedDict, total=False):
    name: str | None


class Address(TypedDict, total=False):
    ip: str | None
    shared: bool | None
    region: str | None
    network: Network | None


class Addresses(TypedDict, total=False):
    ips: list[Address] | None


class Secret(TypedDict, total=False):
    name: Required[str]
    digest: str | None
    created_at: Time | None
    updated_at: Time | None


class Secrets(TypedDict, total=False):
    secrets: list[Secret] | None
    version: int | None
    Version: int | None


class HeldCertificate(TypedDict, total=False):
    source: str | None
    status: str | None
    expires_at: Time | None


class Certificate(TypedDict, total=False):
    hostname: Required[str]
    configured: bool | None
    status: str | None
    certificates: list[Annotated[Json, HeldCertificate]] | None
    dns_requirements: Json | None


class Certificates(TypedDict, total=False):
    certificates: list[Certificate] | None
    next_cursor: str | None


class Lease(TypedDict, total=False):
    nonce: Required[str]


class LeaseAnswer(TypedDict, total=False):
    """The wire has an envelope around what the API's document shows."""

    data: Lease | None
    nonce: str | None


class ExecResult(TypedDict, total=False):
    """Zeroes may be left out."""

    exit_code: int | None
    exit_signal: int | None
    stdout: str | None
    stderr: str | None


class Region(TypedDict, total=False):
    code: Required[str]
    name: str | None


class Regions(TypedDict, total=False):
    nearest: str | None
    regions: list[Region] | None
    Nearest: str | None
    Regions: list[Region] | None


class TokenPart(TypedDict, total=False):
    org_slug: str | None
    apps: list[str] | None
    user: str | None
    restricted_to_machine: str | None


class Token(TypedDict, total=False):
    tokens: list[TokenPart] | None


class LogLine(TypedDict, total=False):
    timestamp: str | None
    level: str | None
    instance: str | None
    region: str | None
    message: str | None


class LogEntry(TypedDict, total=False):
    attributes: LogLine | None


class LogMeta(TypedDict, total=False):
    next_token: str | int | None


class LogPage(TypedDict, total=False):
    data: list[LogEntry] | None
    meta: LogMeta | None


class Release(TypedDict, total=False):
    id: Required[str | int]
    version: Required[int]
    status: str | None
    image_ref: str | None


class ReleaseAnswer(TypedDict, total=False):
    release: Required[Release]
