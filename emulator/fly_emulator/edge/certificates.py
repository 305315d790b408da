"""The edge's certificates, from a CA of the emulator's own that lives in its state directory."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from pathlib import Path

import trustme

DEFAULT_NAMES = ("*.fly.dev", "*.fly.dev.localhost", "localhost", "127.0.0.1", "::1")


class Certificates:
    """Makes a certificate for each host name that asks for one."""

    def __init__(self, directory: Path, known: Callable[[str], bool]) -> None:
        """`known` says whether the edge serves a host name; others get a TLS alert."""
        self.ca_file = directory / "ca.pem"
        self._known = known
        self._ca = self._load(directory)
        self._contexts: dict[str, ssl.SSLContext] = {}

    def server_context(self) -> ssl.SSLContext:
        context = self._context(*DEFAULT_NAMES)
        context.sni_callback = self._choose
        return context

    def _load(self, directory: Path) -> trustme.CA:
        key = directory / "ca-key.pem"
        if key.exists() and self.ca_file.exists():
            return trustme.CA.from_pem(self.ca_file.read_bytes(), key.read_bytes())
        directory.mkdir(parents=True, exist_ok=True)
        ca = trustme.CA(organization_name="fly-emulator")
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(ca.private_key_pem.bytes())
        self.ca_file.write_bytes(ca.cert_pem.bytes())
        return ca

    def _context(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._ca.issue_cert(*names).configure_cert(context)
        return context

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext
    ) -> int | None:
        if name is None or name == "localhost":
            return None
        if not self._known(name):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if name not in self._contexts:
            self._contexts[name] = self._context(name)
        connection.context = self._contexts[name]
        return None
