# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue: all findings, in its order. Ids do not change: inventories and documents name them."""

from __future__ import annotations

from typing import Final

from . import (
    fly_access,
    fly_machine,
    fly_service,
    fly_signs,
    fly_storage,
    gateway_channels,
    gateway_config,
    gateway_reports,
    gateway_signs,
    gateway_state,
    on_machine,
    start_signs,
)
from .finding import FINDINGS, GROUNDS
from .sign import register

_MODULES = (
    fly_machine,
    fly_service,
    fly_storage,
    fly_access,
    on_machine,
    gateway_channels,
    gateway_config,
    gateway_channels,
    gateway_state,
    gateway_reports,
)
"""Each registers its findings when it is imported."""
for _signs in (fly_signs.SIGNS, start_signs.SIGNS, gateway_signs.SIGNS):
    register(_signs)

CATALOGUE: Final = tuple(sorted(FINDINGS, key=lambda one: GROUNDS.index(one.ground)))
BY_ID: Final = {one.id: one for one in CATALOGUE}
