"""The HTTP APIs: Machines REST under /v1, ui-ex under /api/v1, the emulator's own under /emulator/v1."""
