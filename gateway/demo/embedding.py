"""Embedding: a hashed bag of words. Near in words is near in space; no model, the same in each process."""

import base64
import hashlib

import numpy as np
from numpy.typing import NDArray

from gateway.demo.terms import terms

DEFAULT_DIMENSIONS = 256
MAX_DIMENSIONS = 3072


def embed(text: str, dimensions: int = DEFAULT_DIMENSIONS) -> NDArray[np.float32]:
    """`text` -> a vector of `dimensions` float32 of length 1."""
    # Texts of stop words only get a vector too: that of their spelling.
    words = terms(text) or [text]
    vector = np.zeros(dimensions, dtype=np.float32)
    for word in words:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        number = int.from_bytes(digest, "little")
        vector[(number >> 1) % dimensions] += 1.0 if number & 1 else -1.0
    norm = float(np.linalg.norm(vector))
    if norm == 0.0:  # two words that cancel each other out
        vector[0] = norm = 1.0
    unit: NDArray[np.float32] = vector / np.float32(norm)
    return unit


def encoded(vector: NDArray[np.float32], encoding_format: str) -> list[float] | str:
    """The vector as OpenAI sends it: `float` gives numbers, `base64` little-endian float32."""
    if encoding_format == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return [float(value) for value in vector]
