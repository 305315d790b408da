"""Fly's proxy: TLS and host names in front of the apps' machines."""
