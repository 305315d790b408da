"""The platform's records; an `App` owns everything that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

PUBLIC_KINDS = ("v4", "v6", "shared_v4")
GONE = ("destroyed",)


@dataclass
class IpAssignment:
    ip: str
    kind: str
    """v4, v6, shared_v4 or private_v6; the REST reply does not carry it."""
    region: str
    created_at: float
    service_name: str = ""
    network: str = ""
    org: str = ""


@dataclass
class Secret:
    value: str
    digest: str
    created_at: float
    updated_at: float


@dataclass
class Snapshot:
    id: str
    created_at: float
    size: int
    volume_size: int
    digest: str
    retention_days: int
    status: str = "created"
    listed_at: float = 0.0
    """When it begins to be listed, as `pending`, and when it can be restored."""
    ready_at: float = 0.0


@dataclass
class Volume:
    id: str
    name: str
    region: str
    size_gb: int
    zone: str
    created_at: float
    updated_at: float
    encrypted: bool = True
    state: str = "created"
    attached_machine_id: str | None = None
    detaching: bool = False
    """Its machine is destroyed, and it is not free yet."""
    snapshot_retention: int = 5
    auto_backup_enabled: bool = True
    fstype: str = "ext4"
    host_status: str = "ok"
    given_to_user: bool = False
    """Its top directory has been given to the user of the first image that mounted it."""
    destroy_after: float | None = None
    """When a soft-deleted volume's data goes (24 h after the request)."""
    snapshots: list[Snapshot] = field(default_factory=list)

    @property
    def gone(self) -> bool:
        return self.state in GONE


@dataclass
class Event:
    id: str
    type: str
    status: str
    source: str
    timestamp: int
    """Milliseconds."""
    request: dict[str, Any] | None = None


@dataclass
class Lease:
    nonce: str
    expires_at: float
    owner: str
    description: str
    version: str


@dataclass
class Version:
    """What a machine was made of, one per create or update."""

    version: str
    config: dict[str, Any]
    secrets: dict[str, str]
    secrets_version: int
    image_digest: str = ""


@dataclass
class Machine:
    id: str
    name: str
    region: str
    state: str
    private_ip: str
    ipv4: str
    created_at: float
    updated_at: float
    current: Version
    history: list[Version] = field(default_factory=list)
    """Older versions, oldest first."""
    events: list[Event] = field(default_factory=list)
    """Newest first."""
    lease: Lease | None = None
    cordoned: bool = False
    host_status: str = "ok"
    wanted: str = "started"
    """started or stopped: what a restart of the emulator brings back."""
    image_labels: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> dict[str, Any]:
        return self.current.config

    @property
    def gone(self) -> bool:
        return self.state in GONE


@dataclass
class Release:
    """One deploy, as a client announced it; the machines know nothing of it."""

    id: str
    version: int
    status: str
    strategy: str
    """ROLLING, IMMEDIATE, CANARY, BLUEGREEN, ..."""
    image: str
    definition: Any
    """The deploy's whole fly.toml as JSON."""
    user: str
    created_at: float
    updated_at: float
    metadata: Any = None

    @property
    def in_progress(self) -> bool:
        return self.status in ("pending", "running")


@dataclass
class Build:
    id: int
    status: str
    created_at: float


@dataclass
class CustomCertificate:
    """What a user brought; the private key is kept as everything here, in a 0600 file."""

    fullchain: str
    private_key: str
    issuer: str
    expires_at: float
    created_at: float


@dataclass
class Hostname:
    """A host name of the user's own, and the certificates for it."""

    name: str
    created_at: float
    updated_at: float
    acme_requested: bool = False
    acme_issued_at: float | None = None
    custom: CustomCertificate | None = None


@dataclass
class App:
    name: str
    id: str
    number: int
    org: str
    network: str
    created_at: float
    digest_key: str = field(default_factory=lambda: token_hex(16))
    """Makes the digests of secrets unpredictable to clients."""
    deleting: bool = False
    secrets_version: int = 0
    secrets: dict[str, Secret] = field(default_factory=dict)
    secrets_before: dict[str, str] = field(default_factory=dict)
    """Values before the last change, and when that was."""
    secrets_changed_at: float = 0.0
    ips: list[IpAssignment] = field(default_factory=list)
    volumes: dict[str, Volume] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    """Oldest first."""
    builds: list[Build] = field(default_factory=list)
    hostnames: dict[str, Hostname] = field(default_factory=dict)

    def live_machines(self) -> list[Machine]:
        return [machine for machine in self.machines.values() if not machine.gone]

    def address(self, *kinds: str) -> IpAssignment | None:
        """The first address of one of these kinds, in the order of `kinds`."""
        return next((ip for kind in kinds for ip in self.ips if ip.kind == kind), None)


@dataclass
class WireGuardPeer:
    id: str
    name: str
    pubkey: str
    region: str
    network: str
    peerip: str


@dataclass
class LimitedToken:
    """A token that the API gave out."""

    id: str
    name: str
    value: str
    profile: str
    """deploy (some apps) or deploy_organization."""
    apps: list[str] | None
    """None: every app of the organisation."""
    owner: str
    created_at: float
    expires_at: float
    revoked_at: float | None = None


@dataclass
class OrganizationRecord:
    """What belongs to an organisation itself."""

    slug: str
    peers: dict[str, WireGuardPeer] = field(default_factory=dict)
    tokens: dict[str, LimitedToken] = field(default_factory=dict)
