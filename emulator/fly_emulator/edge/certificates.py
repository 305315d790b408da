"""The edge's certificates, from a CA of the emulator's own that lives in its state directory."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ..state.directory import StateUnreadable, write_bytes

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
            return self._kept(key)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        ca = trustme.CA(organization_name="fly-emulator")
        write_bytes(key, ca.private_key_pem.bytes())
        write_bytes(self.ca_file, ca.cert_pem.bytes(), 0o644)
        return ca

    def _kept(self, key: Path) -> trustme.CA:
        certificate, private = self.ca_file.read_bytes(), key.read_bytes()
        try:
            if (
                x509.load_pem_x509_certificate(certificate).public_key()
                != load_pem_private_key(private, None).public_key()
            ):
                raise ValueError("the key is not the certificate's")
            return trustme.CA.from_pem(certificate, private)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            why = " ".join(str(error).split())[:120]
            raise StateUnreadable(
                f"The emulator's certificate authority in {key.parent} is broken ({why}). "
                f"Remove {self.ca_file} and {key} to get a new one, then give the new {self.ca_file.name} to what "
                "trusts the old one."
            ) from None

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
