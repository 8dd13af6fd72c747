"""Config: YAML -> frozen settings, presets, and errors that name the line and the way out."""
