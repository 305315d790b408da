"""How machines run: one tier per file, one contract in `base`."""
