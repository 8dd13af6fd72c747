"""The admin listener: one file per resource."""
