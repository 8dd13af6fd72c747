"""Generations: keys remembered in a fixed number of rotating Bloom filters. Bounded in room, in time and in error.

All generations together take strangers for known at a rate of at most 1e-6: each has its share of that at its
capacity, and is never filled beyond it, since a full one makes room for the next.
"""

from collections import deque
from collections.abc import Callable, Iterable

from pybloom_live import BloomFilter

from gateway.policy.tags import EVERY

ERROR_RATE = 1e-6
_FLOOR = 32_768  # as in guard/filterfile
_MOST_TAGS = 10_000


class Generations:
    """Not thread-safe. capacity: keys in all generations together. rotate: seconds of one. clock: monotonic."""

    __slots__ = ("_clock", "_due", "_each", "_filters", "_generations", "_rotate", "_tags")

    def __init__(self, capacity: int, generations: int, rotate: float, clock: Callable[[], float]) -> None:
        self._each = max(1, capacity // generations)
        self._generations = generations
        self._rotate = rotate
        self._clock = clock
        self._due = clock() + rotate
        self._filters: deque[BloomFilter] = deque()  # newest first; made when they are needed
        self._tags: set[str] = set()  # of the answers to all keys since it began, or was forgotten

    def __contains__(self, key: bytes) -> bool:
        self._turn()
        if not self._filters:
            return False
        # All are of one size: the key is hashed once for all of them.
        newest = self._filters[0]
        places = [slot * newest.bits_per_slice + at for slot, at in enumerate(newest.make_hashes(_text(key)))]
        return any(all(filter.bitarray[place] for place in places) for filter in self._filters)

    def __len__(self) -> int:
        """How many keys it holds; one that stands in two generations counts twice."""
        return sum(filter.count for filter in self._filters)

    def add(self, key: bytes, tags: Iterable[str] = ()) -> None:
        """Remember it until `generations` further ones have begun: each when the one before is full, or at its time.

        tags: the surrogate keys of its answer.
        """
        self._turn()
        self._tags.update(tags)
        if len(self._tags) > _MOST_TAGS:
            self._tags = {EVERY}
        text = _text(key)
        full = not self._filters or self._filters[0].count >= self._each
        if full and not (self._filters and text in self._filters[0]):
            self._begin()
        self._filters[0].add(text)

    def forget(self) -> None:
        """All of it: what was empty may be so no more."""
        self._filters.clear()
        self._tags.clear()

    def bears(self, tag: str) -> bool:
        """Whether a key's answer may have had this tag, or with `*` at its end one that begins so."""
        if EVERY in self._tags or tag in self._tags:
            return True
        return tag.endswith("*") and any(one.startswith(tag[:-1]) for one in self._tags)

    def _turn(self) -> None:
        """Begin the generations that are due."""
        now = self._clock()
        if now < self._due:
            return
        missed = int((now - self._due) // self._rotate) + 1
        self._due += missed * self._rotate
        if missed >= self._generations:
            self._filters.clear()
        for _ in range(min(missed, self._generations) if self._filters else 0):
            self._begin()

    def _begin(self) -> None:
        if len(self._filters) < self._generations:
            rate = 0.95 * ERROR_RATE / self._generations  # rounding up slices and bits costs less than the rest
            self._filters.appendleft(BloomFilter(max(self._each, _FLOOR), rate))
            return
        oldest = self._filters.pop()  # its memory becomes the newest's
        oldest.bitarray.setall(False)
        oldest.count = 0
        self._filters.appendleft(oldest)


def _text(key: bytes) -> str:
    return key.decode("latin-1")
