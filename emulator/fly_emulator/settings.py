"""What can be chosen about an emulator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .images.base import ImageCatalog
    from .runtime.base import Runtime

DEFAULT_API_PORT = 4280
DEFAULT_HTTP_PORT = 8480
DEFAULT_HTTPS_PORT = 8443


def default_state_dir() -> Path:
    """$XDG_STATE_HOME/fly-emulator."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "fly-emulator"


def default_cache_dir() -> Path:
    """Where images are kept for later runs: $XDG_CACHE_HOME/fly-emulator."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fly-emulator"


@dataclass(frozen=True)
class Organization:
    slug: str
    name: str = ""


@dataclass(frozen=True)
class Token:
    """An accepted token and what it may touch; None means everything in that kind."""

    value: str
    owner: str = "emulator@localhost"
    orgs: tuple[str, ...] | None = None
    apps: tuple[str, ...] | None = None
    expires_at: float | None = None


@dataclass(frozen=True)
class Settings:
    state_dir: Path
    host: str = "127.0.0.1"
    api_port: int = DEFAULT_API_PORT
    edge_http_port: int = DEFAULT_HTTP_PORT
    edge_https_port: int = DEFAULT_HTTPS_PORT
    flycast_port: int = 0
    """A port of 0 takes any free one."""
    runtime: str | Runtime = "auto"
    images: ImageCatalog | None = None
    """None: the package's own catalogue over `cache_dir` and `image_dir`."""
    cache_dir: Path | None = None
    image_dir: Path | None = None
    tokens: tuple[Token, ...] = ()
    """Empty: the random token that the state directory keeps in its file `token`."""
    token_file: Path | None = None
    """Where a client finds the first of `tokens`, if in a file."""
    allowed_hosts: tuple[str, ...] = ()
    """Names in a request's Host that the API accepts besides loopback names and addresses."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The command line's options that it was started with; only shown."""
    orgs: tuple[Organization, ...] = (Organization("personal", "Personal"),)
    foreign_apps: tuple[str, ...] = ()
    """App names that somebody else's organisation holds."""
    region: str = "iad"
    """Where the API says it is (fly-request-id, the nearest region)."""
    rate_limits: bool = False
    egress: bool = False
    """Whether machines reach what this host reaches; in the process tier they do anyway."""
    wireguard_port: int | None = None
    """Where WireGuard peers are let in, on all of this host's addresses; None lets nobody in."""
    restart_delay: float = 1.0
    """Seconds between a machine's exit and its restart, by the emulator's clock."""
    edge_hold: float = 5.0
    """Seconds that the edge holds a request for a machine that starts or has not passed its checks."""
    clock_running: bool = True
    answers: Mapping[str, str] = field(default_factory=dict)
    """Other answers than the defaults to what is not known of Fly (`questions`)."""
    delays: float = 1.0
    """What Fly's own delays (snapshots, detaching, copies of volumes) are multiplied by."""

    @property
    def org_slugs(self) -> frozenset[str]:
        return frozenset(org.slug for org in self.orgs)
