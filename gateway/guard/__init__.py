"""What keeps load away from the upstream."""
