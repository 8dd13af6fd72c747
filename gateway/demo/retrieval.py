"""Retrieval: BM25 over the passages, with a floor below which nothing is found. In memory, no I/O."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import bm25s
import numpy as np
from numpy.typing import NDArray

from gateway.demo.passages import Passage
from gateway.demo.terms import terms

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG on import

# A passage must cover this share of what the query asks for, each term weighed by its rarity. Terms that are
# nowhere in the corpus weigh more than any known one: "lasagne with spinach" finds no recipe here.
MIN_COVERAGE = 0.5
_UNKNOWN_WEIGHT = 1.5
# Its score must reach this share of the weight of what it matches: the passing mention of a rare word is no answer.
MIN_STRENGTH = 0.4
# Passages far behind the best one are about something else.
MIN_OF_BEST = 0.4
_MAX_TERMS = 64  # of a query; each costs a pass over all passages
# The reference explains a thing; docstrings of all that uses it only mention it.
_LANGUAGE_BONUS = 1.35
_TITLE_BONUS = 1.3
_LEAD_BONUS = 1.1  # a section begins with what the thing is


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage that was found, and its BM25 score (higher is better, no upper limit)."""

    passage: Passage
    score: float


class Index:
    """Passages that can be searched. Immutable once built, and so safe to share between threads."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """`passages`: at least one."""
        self.passages = tuple(passages)
        self._bm25 = bm25s.BM25(method="lucene", k1=1.2, b=0.5, backend="numpy")
        self._bm25.index([_indexed(passage) for passage in self.passages], show_progress=False)
        self._vocabulary: dict[str, int] = self._bm25.vocab_dict
        self._titles = [frozenset(terms(_name(passage))) for passage in self.passages]
        self._prior = np.array(
            [_prior(before, passage) for before, passage in pairwise([None, *self.passages]) if passage],
            dtype=np.float32,
        )

    def search(self, query: str, top_k: int = 3) -> list[Scored]:
        """The best `top_k` passages for `query`, best first; none where the corpus knows nothing about it."""
        # An unknown compound counts by its parts alone.
        wanted = [t for t in dict.fromkeys(terms(query)) if "-" not in t or t in self._vocabulary]
        wanted = wanted[:_MAX_TERMS]
        known = [term for term in wanted if term in self._vocabulary]
        if not known:
            return []
        by_term = np.stack([self._bm25.get_scores([term]) for term in known])
        matched, whole = self._matched(by_term, unknown=len(wanted) - len(known))
        scores: NDArray[np.float32] = by_term.sum(axis=0) * self._prior * self._titles_named(set(wanted))
        scores[(matched < MIN_COVERAGE * whole) | (scores < MIN_STRENGTH * matched)] = 0.0
        # Stable, so that equal scores come in the order of the corpus.
        order = np.argsort(-scores, kind="stable")[:top_k]
        floor = float(scores[order[0]]) * MIN_OF_BEST
        return [Scored(self.passages[i], round(float(scores[i]), 4)) for i in order if scores[i] > floor]

    def _matched(self, by_term: NDArray[np.float32], unknown: int) -> tuple[NDArray[np.float32], float]:
        """(per passage the weight of the terms it matches, the weight of the whole query). Rare terms weigh more."""
        matches = by_term > 0
        count = len(self.passages)
        weights = np.log1p(count / (matches.sum(axis=1) + 0.5)).astype(np.float32)
        whole = float(weights.sum()) + _UNKNOWN_WEIGHT * unknown * math.log1p(count / 0.5)
        matched: NDArray[np.float32] = (weights[:, None] * matches).sum(axis=0)
        return matched, whole

    def _titles_named(self, wanted: set[str]) -> NDArray[np.float32]:
        """Per passage, the bonus of those whose whole title the query names."""
        named = [_TITLE_BONUS if title and title <= wanted else 1.0 for title in self._titles]
        return np.array(named, dtype=np.float32)


def _is_language(passage: Passage) -> bool:
    return passage.id.startswith("language/")


def _name(passage: Passage) -> str:
    """A title says what the text is about; of a signature, only the name does."""
    return passage.title if _is_language(passage) else passage.title.partition("(")[0]


def _indexed(passage: Passage) -> list[str]:
    """Titles count more than text, and the last part of a dotted name counts most."""
    name = _name(passage)
    if _is_language(passage):
        return terms(name) * 3 + terms(passage.text)
    return terms(name) + terms(name.rpartition(".")[2]) * 2 + terms(passage.text)


def _prior(before: Passage | None, passage: Passage) -> float:
    leads = before is None or before.title != passage.title
    return (_LANGUAGE_BONUS if _is_language(passage) else 1.0) * (_LEAD_BONUS if leads else 1.0)
