# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a PEM certificate says of itself."""

from __future__ import annotations

from ..._base.errors import CollectionError, MissingLibrary


def expiry(fullchain: str, where: str) -> int:
    """When the first certificate of the chain ends, in Unix seconds."""
    try:
        from cryptography import x509
    except ImportError as error:
        raise MissingLibrary("cryptography", "custom certificates") from error
    try:
        leaf = x509.load_pem_x509_certificate(fullchain.encode())
    except ValueError as error:
        raise CollectionError(
            "fullchain is not a certificate", where=where, why=str(error), todo="Give PEM text, the leaf first"
        ) from error
    return int(leaf.not_valid_after_utc.timestamp())
