# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about an error of Fly.io's API."""

from __future__ import annotations

from .places import kind_of

UNAUTHORIZED = "Give a valid token with api_token or FLY_API_TOKEN (fly tokens create deploy -a APP)"
QUOTA = "Remove what is not needed, or ask Fly.io for more (billing page of the organization)"
REGIONAL_QUOTA = f"Choose another region: this quota is the region's own. {QUOTA}"
FORBIDDEN = "Use a token whose scope covers it: an org token creates apps, an app's deploy token does the rest"
LEASED = "Let that run end, or wait until its lease expires, and run again"
HOST_FULL = (
    "The volume and its data stay where they are. Try again later, choose a smaller size, or move the data: "
    "fork the volume to another host with fly_volume fork_from, and give the copy to fly_deploy as volume"
)
NO_COMMAND = "Correct the command, or use an image that has it; a shell's built-in commands need sh -c"
NO_IMAGE = "Check the image's name and tag; one that was just pushed appears within a minute: then run again"
REDIRECTED = "Give the URL of the API itself, without a redirection (machines_url, api_url)"
NOT_THE_API = (
    "Check the URL of the API (machines_url, api_url; FLY_FLAPS_BASE_URL, FLY_API_BASE_URL) and any proxy or "
    "login page between it and this machine"
)
UNROUTED = "Check the URL of the API (machines_url, api_url): {base} does not know this path at all"
_NOT_FOUND = {
    "app": "Check the app's name and the token's organization (fly apps list); fly_app creates an app",
    "machine": "It may have been destroyed meanwhile: fly machine list shows what exists; run again",
    "volume": "It may have been destroyed meanwhile: fly_volume_info lists the volumes; run again",
    "certificate": "fly_certificate requests it",
    "address": "It may have been released meanwhile: run again",
}
_STATES = {
    "currently bound": "Destroy the machine that mounts it first (fly_machine state=absent), then run again: "
    "Fly.io detaches a volume up to a minute later",
    "replac": "The machine is being replaced: wait a moment and run again",
}


def todo(status: int, path: str, text: str) -> str:
    """What to do about a status of 400 or more that has no class of its own."""
    if status == 404:
        return _NOT_FOUND.get(kind_of(path), "Check the name; it may have been removed meanwhile: run again")
    if status == 408:
        return _timed_out(path)
    if status == 409:
        return "Let the other change end, and run again: what happened is looked up first"
    if status == 412:
        known = next((advice for word, advice in _STATES.items() if word in text.lower()), "")
        return known or "See its present state (fly status, fly machine status), and run again when it has changed"
    if status == 429:
        return "Run again, with fewer hosts at once (forks)"
    if status >= 500:
        return "See https://status.flyio.net for an incident, and run again: what happened is looked up first"
    return "Correct the value that Fly.io names, and run again"


def _timed_out(path: str) -> str:
    if path.endswith("/exec"):
        return "Commands are cut off after about a minute: make it shorter, or run it in the background"
    if path.endswith("/wait"):
        return "The machine takes longer: see fly machine status and fly logs, and run again"
    return "Fly.io took too long: run again"
