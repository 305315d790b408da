# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time, in one place: call `clock.sleep`, `clock.monotonic`, `clock.now`, and a test can let hours pass at once."""

from __future__ import annotations

import time

monotonic = time.monotonic
sleep = time.sleep
now = time.time
"""Unix seconds."""
