# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that fail for a reason that waiting does not change."""

from __future__ import annotations

import http.client
import socket
import ssl

_NO_NAME = {getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)}
_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")


def permanent(error: BaseException) -> str | None:
    """What to do about an error that the next attempt would meet again; None for one that may pass.

    The resolver says that there is no such name, the certificate is not valid, the port does not speak TLS, the URL is
    none. A name that was made a moment ago may be unknown for a while: who waits for one allows for that.
    """
    if isinstance(error, socket.gaierror):
        return "Check the host name: the resolver has no such name" if error.errno in _NO_NAME else None
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error)
    if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
        return "Check scheme and port of the URL: the server does not speak TLS there"
    if isinstance(error, UnicodeError | http.client.InvalidURL):
        return "Check the URL: it holds what no URL can"
    return None


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    reason = (error.verify_message or str(error)).lower()
    if "hostname mismatch" in reason or "ip address mismatch" in reason:
        return "Check the host name: the server's certificate is for another one"
    if "expired" in reason or "not yet valid" in reason:
        return "Check the clock of this machine; else the server's certificate must be renewed"
    return "Give the certificate authority with ca_file if the server has a private one"
