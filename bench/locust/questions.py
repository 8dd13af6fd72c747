"""Questions: by Zipf's law out of a million, and how steep it must be for a given share of repeats. No I/O.

Imported by Locust's own Python, too: nothing but the standard library.
"""

import itertools
import math
import random
from collections.abc import Iterator

RANKS = 1_000_000  # different questions


def stream(exponent: float, seed: int, ranks: int = RANKS) -> Iterator[int]:
    """Ranks, the first of which is asked most: rank r as often as r ** -exponent."""
    weights = list(itertools.accumulate(rank**-exponent for rank in range(1, ranks + 1)))
    draw = random.Random(seed)
    # By the hundred: one by one costs more, and ten thousand keep everybody waiting.
    return itertools.chain.from_iterable(
        draw.choices(range(ranks), cum_weights=weights, k=100) for _ in itertools.count()
    )


def repeats(exponent: float, first: int, last: int) -> float:
    """The expected share of repeats among the requests from number `first` to number `last`."""
    groups = list(_groups())
    total = sum(count * rank**-exponent for rank, count in groups)

    def distinct(requests: int) -> float:
        return sum(count * -math.expm1(-requests * rank**-exponent / total) for rank, count in groups)

    return 1 - (distinct(last) - distinct(first)) / (last - first)


def exponent(share: float, first: int, last: int) -> float:
    """How steep it must be for that share of repeats."""
    low, high = 0.0, 4.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if repeats(middle, first, last) < share else (low, middle)
    return low


def _groups() -> Iterator[tuple[float, int]]:
    """(rank, how many of about that rank): one by one at first, then by the hundredth part."""
    rank = 1
    while rank <= RANKS:
        count = min(max(1, rank // 100), RANKS + 1 - rank)
        yield rank + (count - 1) / 2, count
        rank += count


__all__ = ["RANKS", "exponent", "repeats", "stream"]
