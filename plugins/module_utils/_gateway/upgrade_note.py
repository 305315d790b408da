# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What upgrades note in a machine's metadata: the one that is under way, and the releases that failed here."""

from __future__ import annotations

from .._fly.client.types import Machine
from .._fly.machines.metadata import note

UPGRADING = "ansible_upgrading"
"""The release that is being deployed, and the snapshot to go back to."""
FAILED = "ansible_failed_releases"
"""Releases that did not work with this gateway's data, and why."""


def upgrading(machine: Machine) -> dict[str, str]:
    """{release, snapshot} of an upgrade that began and was neither proved nor rolled back; else empty."""
    return _note(machine, UPGRADING)


def failed_releases(machine: Machine) -> dict[str, str]:
    """Why each release failed, by release."""
    return _note(machine, FAILED)


def _note(machine: Machine, key: str) -> dict[str, str]:
    return {str(name): str(value) for name, value in note(machine, key).items()}
