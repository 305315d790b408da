"""The gateway of the private networks: WireGuard peers come in here, each to the machines of its own network."""

from __future__ import annotations

import base64
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ..state.directory import StateUnreadable, write_bytes
from ..state.model import WireGuardPeer
from . import RuntimeUnavailable
from .sixpn import Network, Networks, prefix_of
from .wireguard import PROGRAM, WireGuard, device_name


class PeerGateway:
    """The port is the one of every file that Fly.io gives, 51820, unless told otherwise."""

    def __init__(self, networks: Networks, key_file: Path, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._networks = networks
        self._key = _key(key_file)
        self._gate = Network()
        self._joined: set[str] = set()
        self._peers: dict[str, str] = {}
        """Public key to address."""

    @property
    def public_key(self) -> str:
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    async def open(self) -> None:
        """Raises RuntimeUnavailable with what is missing."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise RuntimeUnavailable(f"WireGuard access needs {PROGRAM}. Install it with the system's package manager.")
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("", self.port))
        except OSError as error:
            raise RuntimeUnavailable(
                f"WireGuard's UDP port {self.port} is not available: {error.strerror}. Choose another with --wireguard."
            ) from None
        self._device = WireGuard(program, device_name(), self._gate)
        try:
            await self._gate.open()
            await self._device.open(self._key.private_bytes_raw(), self.port)
        except (RuntimeError, OSError) as failed:
            raise RuntimeUnavailable(f"WireGuard access does not work here: {failed}") from None

    async def close(self) -> None:
        await self._device.close()
        await self._gate.close()

    async def follow(self, peers: Iterable[WireGuardPeer]) -> None:
        """Admit these, and nobody else."""
        wanted = {peer.pubkey: peer.peerip for peer in peers}
        for key in self._peers.keys() - wanted.keys():
            await self._device.set(f"public_key={_hex(key)}", "remove=true")
            del self._peers[key]
        for key, address in wanted.items():
            if self._peers.get(key) == address:
                continue
            await self._lead(address)
            await self._device.set(f"public_key={_hex(key)}", "replace_allowed_ips=true", f"allowed_ip={address}/128")
            self._peers[key] = address

    async def _lead(self, address: str) -> None:
        """The way between a peer and its network, both ways. Other networks have none back to it."""
        network, prefix = await self._networks.of(address), prefix_of(address)
        if prefix not in self._joined:
            await network.attach_gate(self._gate, f"n{len(self._joined)}")
            self._joined.add(prefix)
        await network.route(address)
        await self._gate.route(address, self._device.name, gateway="")


def _hex(key: str) -> str:
    return base64.b64decode(key).hex()


def _key(file: Path) -> X25519PrivateKey:
    """The gateway's key, kept so that peers' files stay right over a restart."""
    if file.exists():
        try:
            return X25519PrivateKey.from_private_bytes(file.read_bytes())
        except ValueError as error:
            raise StateUnreadable(
                f"The WireGuard key {file} is broken ({error}). Remove it to get a new one; files for peers that were "
                "made before then no longer fit, so make them again."
            ) from None
    made = X25519PrivateKey.generate()
    write_bytes(file, made.private_bytes_raw())
    return made
