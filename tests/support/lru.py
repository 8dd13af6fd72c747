"""An exact cache with LRU and lifetimes, followed question by question: what forecasts are held against."""

from collections import OrderedDict
from collections.abc import Iterable
from math import inf

Asked = tuple[int, float, int]
"""Key, time in seconds, bytes."""


def hit_ratio(questions: Iterable[Asked], ttl: float, room: float = inf) -> float:
    """Of a cache that begins empty. An entry that has ended keeps its place until it is renewed or evicted."""
    entries: OrderedDict[int, tuple[float, int]] = OrderedDict()
    held = hits = asked = 0
    for key, time, size in questions:
        asked += 1
        entry = entries.get(key)
        if entry is not None and time < entry[0]:
            hits += 1
            entries.move_to_end(key)
            continue
        if entry is not None:
            held -= entries.pop(key)[1]
        entries[key] = (time + ttl, size)
        held += size
        while held > room:
            held -= entries.popitem(last=False)[1][1]
    return hits / asked
