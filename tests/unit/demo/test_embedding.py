"""Embedding: unit vectors, near for texts that are alike."""

import base64

import numpy as np
import pytest

from gateway.demo.embedding import embed, encoded


@pytest.mark.parametrize("text", ["How does a generator work?", "the", "什么", " ", "\ud800"])
@pytest.mark.parametrize("dimensions", [1, 2, 256, 3072])
def test_every_text_has_a_vector_of_length_one(text: str, dimensions: int) -> None:
    vector = embed(text, dimensions)
    assert vector.shape == (dimensions,)
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0)


def test_texts_that_share_words_are_nearer_than_those_that_do_not() -> None:
    asked, near, far = map(embed, ("sort a list of strings", "sorting strings", "open a network socket"))
    assert float(asked @ near) > 0.5 > float(asked @ far)


def test_both_encodings_carry_the_same_numbers() -> None:
    vector = embed("a generator", 8)
    packed = encoded(vector, "base64")
    assert isinstance(packed, str)
    assert np.frombuffer(base64.b64decode(packed), "<f4").tolist() == encoded(vector, "float")
