"""Corpus: everything, once, always alike."""

import os
import subprocess
import sys

import pytest

from gateway.demo import corpus
from gateway.demo.corpus import NoCorpus, distinct, load_corpus
from gateway.demo.passages import Passage

DIGEST = """
import hashlib
from gateway.demo.corpus import load_corpus
print(hashlib.sha256(repr([(p.id, p.title, p.text) for p in load_corpus()]).encode()).hexdigest())
"""


def test_there_are_thousands_of_passages_each_once() -> None:
    passages = load_corpus()
    assert len(passages) > 3000
    assert len({passage.id for passage in passages}) == len(passages)
    assert len({passage.text for passage in passages}) == len(passages)


def test_passages_and_ids_are_the_same_in_each_process() -> None:
    def digest(seed: str) -> bytes:
        environment = os.environ | {"PYTHONHASHSEED": seed}
        return subprocess.run([sys.executable, "-c", DIGEST], env=environment, capture_output=True, check=True).stdout

    assert digest("1") == digest("2")


def test_the_first_of_two_alike_is_kept() -> None:
    one, same_text, same_id = Passage("a/1", "A", "x"), Passage("b/1", "B", "x"), Passage("a/1", "A", "y")
    assert distinct([one, same_text, same_id]) == [one]


def test_the_language_reference_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "library_passages", list)
    assert len(load_corpus()) > 400


def test_a_python_without_any_documentation_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "library_passages", list)
    monkeypatch.setattr(corpus, "topic_texts", dict)
    with pytest.raises(NoCorpus, match="neither pydoc_data nor docstrings"):
        load_corpus()
