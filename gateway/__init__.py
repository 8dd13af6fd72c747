"""ragfront: a caching gateway for retrieval-augmented generation services."""

__version__ = "0.1.0"
