"""The environment of a machine's main process."""

from __future__ import annotations

from ..images.base import Image
from ..state.model import App, Machine


def build(app: App, machine: Machine, image: Image) -> dict[str, str]:
    """Image, then config, then secrets, then Fly's own; the later wins."""
    config = machine.config
    process = (config.get("processes") or [{}])[0]
    secrets = {} if process.get("ignore_app_secrets") else machine.current.secrets
    fly = {
        "FLY_APP_NAME": app.name,
        "FLY_MACHINE_ID": machine.id,
        "FLY_ALLOC_ID": machine.id,
        "FLY_MACHINE_VERSION": machine.current.version,
        "FLY_REGION": machine.region,
        "FLY_IMAGE_REF": config["image"],
        "FLY_PRIVATE_IP": machine.private_ip,
        "FLY_VM_MEMORY_MB": str(config["guest"]["memory_mb"]),
        "FLY_PROCESS_GROUP": config.get("metadata", {}).get("fly_process_group", ""),
    }
    return {
        "PRIMARY_REGION": machine.region,
        **image.env,
        **config.get("env", {}),
        **(process.get("env") or {}),
        **secrets,
        **{name: value for name, value in fly.items() if value},
    }
