"""The process that holds one machine: its namespaces, its processes and their end.

Runs apart from the emulator, on the standard library only, and speaks over one socket (see `channel`).
When that socket closes, because the emulator ended in whatever way, everything it started is killed.
"""
