"""What every part of the emulator shares, made in the order in which the parts need one another."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace

from .clock import Clock
from .context import Context
from .faults import Faults
from .images.base import ImageCatalog
from .images.pulls import Pulls
from .journal import Journal
from .logbook import Logbook
from .questions import Answers
from .runtime import RuntimeUnavailable, select
from .runtime.base import Guarantees, Runtime
from .runtime.egress import Egress
from .runtime.peers import PeerGateway
from .runtime.sixpn import Networks
from .settings import Settings, Token, default_cache_dir
from .state import directory
from .state.store import Store


def with_token(settings: Settings) -> Settings:
    """Settings that accept a token: the state directory's own where none is chosen."""
    if settings.tokens:
        return settings
    token = Token(directory.own_token(settings.state_dir))
    return replace(settings, tokens=(token,), token_file=settings.state_dir / directory.TOKEN_FILE)


async def assemble(settings: Settings, stack: AsyncExitStack) -> Context:
    """Read the state, choose the runtime; what must end, ends with the stack. Raises what keeps it from starting."""
    directory.claim(settings.state_dir)
    settings = with_token(settings)
    store = Store(settings.state_dir)
    store.load()
    journal = Journal(settings.state_dir / "journal.jsonl")
    stack.callback(journal.close)
    runtime = await _runtime(settings)
    pulls = Pulls(settings.images or _images(settings))
    stack.push_async_callback(pulls.close)
    networks = Networks() if runtime.guarantees.sixpn else None
    if networks is not None:
        stack.push_async_callback(networks.close)
    clock = Clock(settings.clock_running)
    context = Context(
        settings,
        clock,
        store,
        Logbook(settings.state_dir / "logs", clock),
        journal,
        Faults(),
        runtime,
        pulls,
        networks,
        egress=await _egress() if settings.egress and runtime.guarantees.private_network else None,
        gateway=await _gateway(settings, runtime.guarantees, networks, stack),
        answers=Answers(settings.answers),
    )
    stack.push_async_callback(context.background.close)
    return context


async def _runtime(settings: Settings) -> Runtime:
    chosen = settings.runtime
    return await select(chosen, settings.state_dir / "runtime") if isinstance(chosen, str) else chosen


def _images(settings: Settings) -> ImageCatalog:
    from .images.catalog import Catalog  # slow to import; tests bring their own

    return Catalog(settings.cache_dir or default_cache_dir(), settings.image_dir)


async def _egress() -> Egress:
    found = await Egress.probe()
    if isinstance(found, str):
        raise RuntimeUnavailable(f"Machines cannot have a way out here: {found}")
    return found


async def _gateway(
    settings: Settings, guarantees: Guarantees, networks: Networks | None, stack: AsyncExitStack
) -> PeerGateway | None:
    if settings.wireguard_port is None:
        return None
    if networks is None:
        raise RuntimeUnavailable(f"WireGuard access needs machines with 6PN: {'; '.join(guarantees.missing)}.")
    gateway = PeerGateway(networks, settings.state_dir / "wireguard.key", settings.host, settings.wireguard_port)
    await gateway.open()
    stack.push_async_callback(gateway.close)
    return gateway
