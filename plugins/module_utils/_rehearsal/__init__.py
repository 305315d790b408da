# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's data, tried out in a throw-away app that cannot act on the world."""
