"""Terms: what counts for retrieval."""

import pytest

from gateway.demo.terms import stem, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("How do I use it, please?", []),
        ("What is a generator function?", ["generator", "function"]),
        ("Open a file with a name", ["open", "file", "name"]),
        ("How does the with statement work?", ["`with`", "statement"]),
        ("`for` and for", ["`for`"]),
        ("What does __init__ do?", ["__init__", "init"]),
        ("read_text", ["read_text", "read", "text"]),
        ("keyword-only parameters", ["keyword", "parameter", "keyword-only"]),
        ("the difference between lists and tuples", ["list", "tupl"]),
        ("the difference of sets", ["differenc", "set"]),
        ("the object’s identity", ["object", "identity"]),
        ("___", []),
    ],
)
def test_terms_of_a_text(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    "family",
    [
        ("raise", "raises", "raised", "raising"),
        ("run", "runs", "running"),
        ("query", "queries"),
        ("dictionary", "dictionaries", "dict"),
        ("class", "classes"),
    ],
)
def test_inflections_are_one_term(family: tuple[str, ...]) -> None:
    assert len({stem(word) for word in family}) == 1, {word: stem(word) for word in family}


@pytest.mark.parametrize(("one", "other"), [("string", "strip"), ("is", "as"), ("list", "lisp")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert stem(one) != stem(other)
