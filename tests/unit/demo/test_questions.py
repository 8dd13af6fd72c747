"""Questions: real ones, and a way of asking some more often than others."""

from collections import Counter
from itertools import islice

import pytest

from gateway.demo.answer import generate
from gateway.demo.questions import questions, zipf
from gateway.demo.service import shared_index


def test_each_question_retrieves_passages_and_gets_an_answer() -> None:
    index = shared_index()
    unanswered = [asked for asked in questions() if not generate(asked, index.search(asked))]
    assert unanswered == []


def test_there_are_enough_questions_and_none_twice() -> None:
    asked = questions()
    assert len(asked) >= 200
    assert len({question.casefold().strip(" ?.") for question in asked}) == len(asked)
    assert all(question.endswith("?") and 10 < len(question) < 120 for question in asked)


def test_the_same_seed_gives_the_same_sequence_and_another_one_does_not() -> None:
    def first(seed: int) -> list[str]:
        return list(islice(zipf(questions(), 1.0, seed), 500))

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_ranks_are_asked_in_proportion_to_their_power() -> None:
    counts = [count for _, count in Counter(islice(zipf(questions(), 1.0, 7), 40_000)).most_common()]
    assert counts[0] / counts[1] == pytest.approx(2, rel=0.15)
    assert counts[0] / counts[9] == pytest.approx(10, rel=0.25)


def test_an_exponent_of_zero_is_uniform() -> None:
    counts = Counter(islice(zipf(["a", "b", "c", "d"], 0, 7), 8_000))
    assert all(count == pytest.approx(2_000, rel=0.1) for count in counts.values())


@pytest.mark.parametrize(("asked", "s"), [([], 1.0), (["a"], -0.1)])
def test_what_cannot_be_drawn_from_is_refused_at_once(asked: list[str], s: float) -> None:
    with pytest.raises(ValueError, match="at least one question"):
        zipf(asked, s, 1)
