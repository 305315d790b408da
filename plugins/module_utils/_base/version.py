# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's version, as it is told to servers."""

from __future__ import annotations

VERSION = "0.1.0"
USER_AGENT = f"openclaw.fly/{VERSION} (ansible)"
