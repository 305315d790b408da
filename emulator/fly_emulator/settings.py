"""What can be chosen about an emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .images.base import ImageCatalog
from .runtime.base import Runtime

DEFAULT_TOKEN = "emulator-token"
DEFAULT_API_PORT = 4280
DEFAULT_HTTP_PORT = 8480
DEFAULT_HTTPS_PORT = 8443


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
    """A port of 0 takes any free one."""
    runtime: str | Runtime = "auto"
    images: ImageCatalog | None = None
    """None: the package's own catalogue over `cache_dir` and `image_dir`."""
    cache_dir: Path | None = None
    image_dir: Path | None = None
    tokens: tuple[Token, ...] = (Token(DEFAULT_TOKEN),)
    orgs: tuple[Organization, ...] = (Organization("personal", "Personal"),)
    foreign_apps: tuple[str, ...] = ()
    """App names that somebody else's organisation holds."""
    region: str = "iad"
    """Where the API says it is (fly-request-id, the nearest region)."""
    rate_limits: bool = False
    check_source: str = "check"
    """"check": Fly's checks come from the address the tier gives them, by default the proxy's;
    "proxy" or "check" name the connector that probes use."""
    restart_delay: float = 1.0
    """Seconds between a machine's exit and its restart, by the emulator's clock."""
    edge_hold: float = 5.0
    """Seconds that the edge holds a request for a machine that starts or has not passed its checks."""
    clock_running: bool = True

    @property
    def org_slugs(self) -> frozenset[str]:
        return frozenset(org.slug for org in self.orgs)


@dataclass(frozen=True)
class Endpoints:
    """Where a started emulator listens."""

    api_url: str
    edge_http_port: int
    edge_https_port: int
    ca_file: Path = field(default_factory=Path)
