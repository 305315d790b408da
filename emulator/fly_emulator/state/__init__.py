"""What the platform knows, and how it survives a restart of the emulator."""
