# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to the real Fly.io, asked with an app that exists for nothing else."""
