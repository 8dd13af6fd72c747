"""Hottest: what comes most often out of any number of different things, in bounded room. No I/O, no clock.

Space-Saving (Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams",
ICDT 2005): so many things are counted, and a new one takes the place and the count of the rarest. Whatever makes up
more than one in `places` of all that came is among them, where bytes are no narrower bound, and no count is too low.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Counted(Generic[T]):
    thing: T
    size: int
    count: float


class Hottest(Generic[T]):
    """Of at most so many things, which take so many bytes together. One that is larger than that is not counted."""

    def __init__(self, places: int, max_bytes: int) -> None:
        self._places = places
        self._max_bytes = max_bytes
        self._bytes = 0
        self._gone = 0.0  # the highest count of what had to go: none of it can have come more often
        self._counted: dict[bytes, _Counted[T]] = {}

    def __len__(self) -> int:
        return len(self._counted)

    def add(self, key: bytes, thing: T, size: int, count: float = 1) -> None:
        """The thing of this key came once more, or so much of it. size: bytes that it takes."""
        known = self._counted.get(key)
        if known is not None:
            known.count += count
        elif size <= self._max_bytes:
            while not self._has_room(size):
                self._evict()
            self._seat(key, _Counted(thing, size, self._gone + count))

    def learn(self, key: bytes, thing: T, size: int, count: float) -> None:
        """Somebody else counted so much of it: the higher count stands. It takes nobody's place that is hotter."""
        known = self._counted.get(key)
        if known is not None:
            known.count = max(known.count, count)
        elif size <= self._max_bytes:
            while not self._has_room(size):
                if self._rarest()[1].count >= count:
                    return
                self._evict()
            self._seat(key, _Counted(thing, size, count))

    def top(self, most: int) -> list[tuple[T, float]]:
        """The hottest first, with their counts."""
        ranked = sorted(self._counted.values(), key=lambda counted: -counted.count)
        return [(counted.thing, counted.count) for counted in ranked[:most]]

    def fade(self, factor: float) -> None:
        """Let what was count for less than what will be."""
        self._gone *= factor
        for counted in self._counted.values():
            counted.count *= factor

    def _seat(self, key: bytes, counted: _Counted[T]) -> None:
        self._counted[key] = counted
        self._bytes += counted.size

    def _has_room(self, size: int) -> bool:
        return len(self._counted) < self._places and self._bytes + size <= self._max_bytes

    def _rarest(self) -> tuple[bytes, _Counted[T]]:
        return min(self._counted.items(), key=lambda item: item[1].count)

    def _evict(self) -> None:
        key, counted = self._rarest()
        del self._counted[key]
        self._bytes -= counted.size
        self._gone = max(self._gone, counted.count)
