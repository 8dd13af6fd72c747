"""Where entries live: memory, disk, Redis."""
