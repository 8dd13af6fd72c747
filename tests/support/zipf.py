"""Questions as they are asked: few of them often, many of them once (Zipf's law), at random moments."""

import random
from bisect import bisect_left
from hashlib import blake2b
from itertools import accumulate


def questions(count: int, different: int, skew: float, span: float, seed: int = 1) -> list[tuple[int, float, int]]:
    """(key, seconds, bytes) in the order of time. different: how many there are to ask. span: seconds, from 0."""
    draw = random.Random(seed)
    shares = list(accumulate((rank + 1) ** -skew for rank in range(different)))
    keys = [int.from_bytes(blake2b(b"%d %d" % (seed, rank), digest_size=8).digest()) for rank in range(different)]
    sizes = [draw.randrange(500, 4000) for _ in range(different)]
    times = sorted(draw.random() * span for _ in range(count))
    ranks = (bisect_left(shares, draw.random() * shares[-1]) for _ in range(count))
    return [(keys[rank], time, sizes[rank]) for rank, time in zip(ranks, times, strict=True)]
