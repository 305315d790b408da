"""Fly.io on one machine: the APIs, the edge and real processes, on loopback."""

from __future__ import annotations

__version__ = "0.1.0"
