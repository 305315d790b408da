# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof from outside of who can reach a gateway: twelve checks, as data."""
