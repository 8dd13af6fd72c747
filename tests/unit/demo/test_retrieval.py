"""Retrieval: the right passages first, and none for what the corpus does not know."""

import logging

import pytest

from gateway.demo.corpus import distinct
from gateway.demo.passages import Passage
from gateway.demo.retrieval import Index
from gateway.demo.service import shared_index
from gateway.demo.topics import topic_passages, topic_texts


@pytest.fixture(scope="module")
def index() -> Index:
    return shared_index()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("How does the with statement work?", "The `with` statement"),
        ("What is a metaclass?", "etaclass"),
        ("what is a class?", "Class"),
        ("How do I sort a list in place?", "list.sort"),
        ("How do I run a subprocess and capture its output?", "subprocess.run"),
        ("How do I serialize an object to JSON?", "json.dump"),
        ("operator precedence", "Operator precedence"),
        ("What does the json.loads function do?", "json.loads"),
    ],
)
def test_the_best_passage_is_about_the_question(index: Index, query: str, title: str) -> None:
    assert title in index.search(query)[0].passage.title


@pytest.mark.parametrize(
    "query",
    [
        "zxqv blorp",
        "recipe for lasagne with spinach",
        "Who is the president of France?",
        "What is the capital of Australia?",
        "How tall is Mount Everest?",
        "cheap flights to new york",
        "what is the meaning of life",
        "the",
        "?!",
        "什么是生成器",
        "\x00\ud7ff",
        "",
    ],
)
def test_unknown_topics_retrieve_nothing(index: Index, query: str) -> None:
    assert index.search(query) == []


def test_scores_fall_and_are_not_more_than_asked_for(index: Index) -> None:
    found = index.search("How do I read a file?", top_k=7)
    scores = [hit.score for hit in found]
    assert 1 < len(found) <= 7
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    assert len(index.search("How do I read a file?", top_k=1)) == 1


def test_the_same_query_always_finds_the_same(index: Index) -> None:
    again = Index(index.passages)
    assert again.search("What is a closure?", 10) == index.search("What is a closure?", 10)


def test_the_language_reference_alone_answers(index: Index) -> None:
    alone = Index(distinct(topic_passages(topic_texts())))
    assert alone.search("How does the with statement work?")[0].passage.id == "language/with/1"


def test_a_corpus_of_one_passage() -> None:
    index = Index([Passage("language/a/1", "Apples", "Apples are round and they grow on trees.")])
    assert [hit.passage.title for hit in index.search("What are apples?", 5)] == ["Apples"]
    assert index.search("pears") == []


def test_a_very_long_query_is_searched_like_any_other(index: Index) -> None:
    assert index.search("How does the with statement work? " * 300)
    assert index.search(" ".join(f"nonsense{n}" for n in range(2000))) == []


def test_building_and_searching_print_and_log_nothing(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    Index([Passage("language/a/1", "Apples", "Apples are round.")]).search("apples")
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
