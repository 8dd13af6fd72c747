"""Questions: what the example service can be asked, and how often people ask what. For trying and for benchmarks."""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import accumulate
from random import Random


def questions() -> list[str]:
    """The questions of `questions.txt`, one per line, each of which retrieves something."""
    text = files("gateway.demo").joinpath("questions.txt").read_text(encoding="utf-8")
    return [line for line in map(str.strip, text.splitlines()) if line]


def zipf(asked: Sequence[str], s: float, seed: int) -> Iterator[str]:
    """Endlessly one of `asked`, the one of rank r (from 1) with a probability in proportion to 1 / r**s.

    Ranks are dealt out by `seed`, which also decides the order: the same arguments give the same sequence.
    s: 0 is uniform, about 1 is what search logs show. ValueError where nothing can be asked or s is negative.
    """
    if not asked or s < 0:
        raise ValueError("expected at least one question and s >= 0")
    random = Random(seed)
    ranked = random.sample(list(asked), len(asked))
    cumulative = list(accumulate(rank**-s for rank in range(1, len(ranked) + 1)))

    def draw() -> Iterator[str]:
        while True:
            yield from random.choices(ranked, cum_weights=cumulative, k=256)

    return draw()
