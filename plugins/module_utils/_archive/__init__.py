# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups outside Fly.io: encrypted parts, their manifest, where they are kept, and for how long."""
