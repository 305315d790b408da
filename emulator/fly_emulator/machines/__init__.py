"""The life of machines: configuration, processes, restarts, checks."""
