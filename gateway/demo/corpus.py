"""Corpus: all passages that this Python can be asked about. Read anew in each process, cached nowhere."""

from gateway.demo.library import library_passages
from gateway.demo.passages import Passage
from gateway.demo.topics import topic_passages, topic_texts


class NoCorpus(Exception):
    """This Python carries neither its language reference nor docstrings."""


def load_corpus() -> list[Passage]:
    """Passages without duplicates, always in the same order. NoCorpus where there is none."""
    passages = distinct([*topic_passages(topic_texts()), *library_passages()])
    if not passages:
        raise NoCorpus("this Python has neither pydoc_data nor docstrings: there is nothing to answer from")
    return passages


def distinct(passages: list[Passage]) -> list[Passage]:
    """The first passage of each text and of each id, in order."""
    texts: set[str] = set()
    ids: set[str] = set()
    kept: list[Passage] = []
    for passage in passages:
        if passage.text not in texts and passage.id not in ids:
            texts.add(passage.text)
            ids.add(passage.id)
            kept.append(passage)
    return kept
