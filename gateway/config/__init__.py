"""YAML to settings; errors that name the line and the way out."""
