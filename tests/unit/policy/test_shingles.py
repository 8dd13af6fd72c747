"""Shingles: texts that say the same are alike, whatever they look like."""

import pytest

from gateway.policy.shingles import LONGEST, likeness

TEXT = "A context manager is an object that defines the runtime context of a with statement."


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        (TEXT, TEXT, 1),
        (TEXT, TEXT.upper().replace(" ", "\n  "), 1),
        (TEXT, TEXT.replace(".", " ..."), 1),
        ("", "", 1),
        ("", " ...", 1),
        ("", "word", 0),
        ("word", "word", 1),
        ("word", "words", 0),
        ("one two", "two one", 0),
        ("a b c d", "a b c e", 1 / 3),  # abc; bcd, bce
        ("a b c a b c", "a b c a", 2 / 3),  # a run counts once
        ("東京は日本の首都", "東京は日本の都市", 4 / 8),
        ("東京は日本の首都", "東京は、日本の首都。", 1),
        ("\uff21\uff22 cd", "ab cd", 1),
    ],
)
def test_likeness(a, b, alike):
    assert likeness(a, b) == likeness(b, a) == pytest.approx(alike)


def test_one_figure_in_an_answer_counts_little_and_other_words_much():
    text = " ".join(f"word{n}" for n in range(100))
    assert likeness(text, text.replace("word50", "other")) > 0.9
    assert likeness(TEXT, "Objects used with the with keyword are called managers of a context.") < 0.1


def test_what_is_beyond_the_longest_is_not_looked_at():
    text = "word " * (LONGEST // 5)
    assert likeness(text + "one thing", text + "another one altogether") == 1
