"""What every part of the emulator shares."""

from __future__ import annotations

from dataclasses import dataclass, field

from .background import Background
from .clock import Clock
from .faults import Faults
from .images.pulls import Pulls
from .journal import Journal
from .logbook import Logbook
from .questions import Answers
from .runtime.base import Runtime
from .runtime.egress import Egress
from .runtime.peers import PeerGateway
from .runtime.sixpn import Networks
from .settings import Settings, Token
from .state.store import Store


@dataclass
class Context:
    settings: Settings
    clock: Clock
    store: Store
    logbook: Logbook
    journal: Journal
    faults: Faults
    runtime: Runtime
    pulls: Pulls
    networks: Networks | None = None
    """The private networks, where the tier can join machines to them."""
    egress: Egress | None = None
    """The machines' way out, where they have one that is not the host's."""
    gateway: PeerGateway | None = None
    """Where WireGuard peers come in, when it was asked for."""
    full_regions: set[str] = field(default_factory=set)
    """Regions that have no room, by the control API."""
    full_hosts: set[str] = field(default_factory=set)
    """Machines whose host has no room for an update or a start, by the control API."""
    quota: dict[str, int] = field(default_factory=dict)
    """`memory_mb` of an organisation in each region and `machines` of each app, by the control API."""
    unready_images: dict[str, float] = field(default_factory=dict)
    """Images just pushed, and when the registry shows them, by the control API."""
    answers: Answers = field(default_factory=Answers)
    minted: dict[str, Token] = field(default_factory=dict)
    """Tokens given out by the API."""
    pointing_here: set[str] = field(default_factory=set)
    """Host names whose DNS is said to be right."""
    background: Background = field(default_factory=Background)

    @property
    def machines_reach_out(self) -> bool:
        """Whether machines reach the internet: with --egress, or by the host's own network."""
        return self.egress is not None or not self.runtime.guarantees.private_network

    def delay(self, seconds: float) -> float:
        """One of Fly's own delays, as long as it is to be here."""
        return seconds * self.settings.delays

    def duration(self, seconds: float) -> float:
        """What Fly needs for an operation, as long as it is to be here."""
        return self.delay(seconds) if self.answers["durations"] == "recorded" else 0.0

    async def spend(self, seconds: float) -> None:
        """Let pass what Fly needs for an operation; at once where that is nothing here."""
        if self.duration(seconds):
            await self.clock.sleep(self.duration(seconds))
