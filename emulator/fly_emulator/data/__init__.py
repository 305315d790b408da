"""Facts of Fly.io as data, each file with its source and date."""
