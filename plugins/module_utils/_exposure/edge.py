# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What anybody sees first: redirect, TLS, and the health endpoints."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Mapping
from urllib.parse import urlsplit

from .._openclaw.endpoint import PERMANENT, Endpoint, cause, obstacle
from .._openclaw.probes import HttpProbe, ProbeFailed, raise_for_attribution
from .._openclaw.render import needs_hsts
from .notes import Notes, Skipped
from .target import ForeignAddress, Target

HSTS_FIX = "Run site.yml, with the name in fly_app_hostnames and openclaw_config_hsts not empty"
_OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


def tls(target: Target, notes: Notes) -> None:
    """http leads to https and nowhere else, with a valid chain, TLS 1.2 at least, and HSTS."""
    if target.exposure != "public":
        raise Skipped(f"{target.exposure}: nothing is served in public")
    for host in target.hostnames:
        endpoint = target.edge.endpoint(host)
        try:
            target.must_be_ours(endpoint)
            _redirect(target, host, notes)
            version = handshake(endpoint, target.connect_timeout)
        except ForeignAddress as error:
            notes.found(f"{error.what}; {error.why}", error.todo, detail="address", lags=True)
            continue
        except (OSError, ssl.SSLError) as error:
            fix = "See fly certs show; a new certificate takes a minute"
            notes.found(f"https://{host}: {cause(error)}", fix, lags=obstacle(error) not in PERMANENT)
            continue
        notes.saw(f"https://{host}: {version}, the chain is valid")
        if old_version_accepted(endpoint, target.connect_timeout):
            notes.found(f"https://{host} accepts TLS older than 1.2", "Remove tls_options.versions from fly.toml")
        _hsts(target, host, notes)


def _redirect(target: Target, host: str, notes: Notes) -> None:
    probe = HttpProbe(target.edge.endpoint(host, secure=False), target.timeout)
    try:
        answer = probe.get("/")
    except ProbeFailed as error:
        lags = error.obstacle not in PERMANENT
        notes.found(f"http://{host} is not redirected: {error.why}", "Deploy with force_https = true", lags=lags)
        return
    finally:
        probe.close()
    to = urlsplit(answer.headers.get("location", ""))
    if answer.status in (301, 308) and to.scheme == "https" and to.hostname == host:
        notes.saw(f"http://{host} {answer.status} to https")
    else:
        what = f"http://{host} answers {answer.status} instead of a redirect to https"
        notes.found(what, "Set force_https = true", lags=True)


def _hsts(target: Target, host: str, notes: Notes) -> None:
    if not needs_hsts(host):
        notes.saw(f"{host}: browsers know by the preload list that it is https only")
        return
    probe = HttpProbe(target.edge.endpoint(host), target.timeout)
    try:
        answer = probe.get("/")
    finally:
        probe.close()
    header = answer.headers.get("strict-transport-security", "")
    if answer.status >= 500:
        notes.found(f"https://{host}: not proved that it sends HSTS, it answers {answer.status}", detail="hsts")
    elif "max-age=" in header and "max-age=0" not in header:
        notes.saw(f"{host}: {header}")
    else:
        notes.found(f"https://{host} sends no Strict-Transport-Security", HSTS_FIX, detail="hsts")


def handshake(endpoint: Endpoint, timeout: float) -> str:
    """The TLS version, after the certificate was verified for this name; raises what went wrong."""
    sock = endpoint.open(timeout)
    context = endpoint.ssl_context or ssl.create_default_context()
    with sock, context.wrap_socket(sock, server_hostname=endpoint.host) as wrapped:
        return str(wrapped.version())


def old_version_accepted(endpoint: Endpoint, timeout: float) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = _OLD
        context.set_ciphers("ALL:@SECLEVEL=0")
    except (ValueError, ssl.SSLError):
        return False  # this OpenSSL cannot speak them at all
    try:
        sock: socket.socket = endpoint.open(timeout)
        with sock, context.wrap_socket(sock, server_hostname=endpoint.host):
            return True
    except (OSError, ssl.SSLError):
        return False


def health(target: Target, notes: Notes) -> None:
    """The endpoints that anybody may ask say that it lives, and nothing else."""
    allowed: dict[str, set[str]] = {}
    for path, keys in (
        (target.facts.health_path, {"ok", "status"}),
        (target.facts.startup_path, {"ok", "status", "pendingReason"}),
        (target.facts.ready_path, {"ready"}),
    ):
        if path:
            allowed[path] = keys
    probe = HttpProbe(target.endpoint, target.timeout)
    try:
        for path, keys in allowed.items():
            answer = probe.get(path)
            raise_for_attribution(answer.status, answer.data, f"{probe.endpoint.http_url}{path}")
            if answer.data is None:
                notes.found(f"{path} answers {answer.status} without the probe's JSON", "Is it a gateway that answers?")
                continue
            surplus = _beyond(answer.data, keys)
            if surplus:
                notes.found(f"{path} reveals {surplus} to unauthenticated clients")
            else:
                notes.saw(f"{path} {answer.status} {answer.body.decode(errors='replace')}")
    finally:
        probe.close()


def _beyond(data: Mapping[str, object], keys: set[str]) -> str:
    return ", ".join(sorted(set(data) - keys))
