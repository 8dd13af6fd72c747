"""Answer: readable extracts."""

import pytest

from gateway.demo.answer import MAX_CHARS, excerpt, generate
from gateway.demo.passages import Passage
from gateway.demo.retrieval import Scored
from gateway.demo.service import shared_index
from gateway.demo.terms import terms


def scored(text: str, title: str = "Apples", source: str = "language/a/1") -> Scored:
    return Scored(Passage(source, title, text), 1.0)


def test_nothing_retrieved_nothing_said() -> None:
    assert generate("What are apples?", []) == ""


def test_a_paragraph_for_each_passage_with_its_number() -> None:
    answer = generate("apples", [scored("Apples are round."), scored("Some apples are green and sour.")])
    assert answer == "Apples are round. [1]\n\nSome apples are green and sour. [2]"


def test_what_was_said_already_is_not_said_again() -> None:
    answer = generate("apples", [scored("Apples are round fruits."), scored("Round fruits are apples.")])
    assert answer == "Apples are round fruits. [1]"


def test_a_docstring_is_introduced_by_its_name_once() -> None:
    first = scored("Return the apple that is ripe.", "fruit.pick(tree)", "library/fruit.pick/1")
    second = scored("Sour apples raise an error.", "fruit.pick(tree)", "library/fruit.pick/2")
    answer = generate("apples", [first, second])
    assert answer.startswith("`fruit.pick(tree)`: Return the apple")
    assert answer.count("fruit.pick") == 1


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        (["Fruit is sweet.", "Apples are round."], ["Apples are round."]),
        (["Apples are round.", "They taste good."], ["Apples are round.", "They taste good."]),
        (["Apples are used as follows:", "Apples are sweet fruits."], ["Apples are sweet fruits."]),
        (["Apples grow as long as it is warm:"], ["Apples grow as long as it is warm."]),
        (["See also the pears.", "Apples are round."], ["Apples are round."]),
        ([], []),
    ],
)
def test_sentences_are_taken_as_they_stand_together(sentences: list[str], expected: list[str]) -> None:
    assert excerpt(sentences, set(terms("apples")), 400) == expected


def test_an_extract_keeps_to_its_room_and_to_what_was_asked() -> None:
    sentences = [f"Sentence number {n} is about nothing at all." for n in range(50)]
    sentences[40] = "This one tells about apples."
    chosen = excerpt(sentences, set(terms("apples")), 200)
    assert sentences[40] in chosen
    assert sum(map(len, chosen)) <= 200


@pytest.mark.parametrize("query", ["How does the with statement work?", "How do I sort a list in place?"])
def test_a_real_answer_is_readable(query: str) -> None:
    answer = generate(query, shared_index().search(query))
    assert 300 < len(answer) < MAX_CHARS * 1.3
    assert answer.endswith("]")
    for clutter in (">>>", "::=", "+--", "    ", "**", "``"):
        assert clutter not in answer
