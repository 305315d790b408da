# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a gateway: a catalogue of findings, and the evidence that they are judged by."""
