"""Custom host names and their certificates: by ACME, or brought by the user.

No name is looked up: the control API says which names point here (`point_here`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ..context import Context
from ..errors import Unprocessable, not_found
from ..state.model import App, CustomCertificate, Hostname

NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
ACME_LIFETIME = 90 * 86400.0


def points_here(context: Context, host: Hostname) -> bool:
    return host.name in context.pointing_here


def point_here(context: Context, name: str, wanted: bool) -> None:
    """Say that the DNS of a host name is right, or not; ACME certificates that wait for it are issued."""
    (context.pointing_here.add if wanted else context.pointing_here.discard)(name)
    if not wanted:
        return
    for app in context.store.apps.values():
        if name in app.hostnames:
            with context.store.changing(app):
                _issue(context, app.hostnames[name])


def configured(context: Context, host: Hostname) -> bool:
    return points_here(context, host) and bool(host.custom or host.acme_issued_at)


def requirements(app: App, host: Hostname) -> dict[str, Any]:
    """The records that a person sets."""
    bare = host.name.removeprefix("*.")
    return {
        "a": [ip.ip for ip in app.ips if ip.kind in ("v4", "shared_v4")],
        "aaaa": [ip.ip for ip in app.ips if ip.kind == "v6"],
        "cname": f"{app.name}.fly.dev",
        "acme_challenge": {"name": f"_acme-challenge.{bare}", "target": f"{bare}.{app.id}.flydns.net"},
        "ownership": {"name": f"_fly-ownership.{bare}", "app_value": f"app-{app.id}", "org_value": f"org-{app.org}"},
    }


def find(app: App, name: str) -> Hostname:
    host = app.hostnames.get(name.lower())
    if host is None:
        raise not_found("certificate")
    return host


def request_acme(context: Context, app: App, name: str) -> Hostname:
    """Ask for a certificate; raises Unprocessable when that was done before."""
    host = _new_or_held(context, app, name)
    if host.acme_requested:
        raise Unprocessable("Hostname already exists on app")
    with _changing(context, app, host):
        host.acme_requested = True
    return host


def bring(context: Context, app: App, name: str, fullchain: object, private_key: object) -> Hostname:
    """Take the user's own certificate; raises Unprocessable when it is not for the name or not its key's."""
    host = _new_or_held(context, app, name)
    accepted = _accepted(context.clock.now(), host.name, str(fullchain), str(private_key))
    with _changing(context, app, host):
        host.custom = accepted
    return host


def stop_acme(context: Context, app: App, host: Hostname) -> None:
    with _changing(context, app, host):
        host.acme_requested, host.acme_issued_at = False, None


def remove_custom(context: Context, app: App, host: Hostname) -> None:
    with _changing(context, app, host):
        host.custom = None


def remove(context: Context, app: App, host: Hostname) -> None:
    with context.store.changing(app):
        del app.hostnames[host.name]


@contextmanager
def _changing(context: Context, app: App, host: Hostname) -> Iterator[None]:
    with context.store.changing(app):
        app.hostnames[host.name] = host
        yield
        host.updated_at = context.clock.now()
        _issue(context, host)


def _issue(context: Context, host: Hostname) -> None:
    """Issue the ACME certificate that was asked for, if the DNS is right."""
    if host.acme_requested and host.acme_issued_at is None and points_here(context, host):
        host.acme_issued_at = context.clock.now()


def _new_or_held(context: Context, app: App, name: str) -> Hostname:
    """The host name's record, a new one if the app has none; raises Unprocessable."""
    name = name.lower()
    if not NAME.fullmatch(name):
        raise Unprocessable(f"hostname {name!r} is not a valid host name")
    for other in context.store.apps.values():
        if other is not app and name in other.hostnames:
            raise Unprocessable(f"hostname {name} is already in use by another app")
    now = context.clock.now()
    return app.hostnames.get(name) or Hostname(name, now, now)


def _accepted(now: float, name: str, fullchain: str, private_key: str) -> CustomCertificate:
    """Check that the certificate is one, is for the name, and that the key is its own."""
    try:
        leaf = x509.load_pem_x509_certificates(fullchain.encode())[0]
        key = serialization.load_pem_private_key(private_key.encode(), None)
    except (ValueError, TypeError, IndexError) as error:
        raise Unprocessable("fullchain or private_key is not PEM") from error
    shape = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*shape) != key.public_key().public_bytes(*shape):
        raise Unprocessable("private_key does not belong to the certificate")
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        held = names.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        held = []
    if name not in held and f"*.{name.partition('.')[2]}" not in held:
        raise Unprocessable(f"the certificate is not for {name}")
    expires = leaf.not_valid_after_utc.timestamp()
    if expires <= now:
        raise Unprocessable("the certificate has expired")
    return CustomCertificate(fullchain, private_key, leaf.issuer.rfc4514_string(), expires, now)
