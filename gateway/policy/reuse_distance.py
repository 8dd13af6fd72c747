"""Reuse distance: how much of other things came since a thing last came? No I/O, no clock.

A cache that evicts the least recently used (LRU) holds a thing when it comes again if, and only if, what came between
is small enough, whatever its size: one pass over a log tells of all sizes (Mattson et al., "Evaluation techniques for
storage hierarchies", IBM Systems Journal 9(2), 1970). Places in the order of use are numbered, and a binary indexed
tree (Fenwick, "A new data structure for cumulative frequency tables", 1994) sums what lies behind one in O(log n).
"""

from collections.abc import Callable
from math import inf

_LEAST = 1024  # places, so that small logs are not numbered anew all the time


class ReuseDistances:
    """Sizes are whole numbers, so that sums over millions of them stay exact."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[int, int]] = {}  # key -> its place, its size
        self._next = 1
        self._tree = [0] * (_LEAST + 1)
        self._sum = 0

    def touch(self, key: int, size: int) -> float:
        """It came: how much of others came since it last did; infinite where it never has."""
        if self._next >= len(self._tree):
            self.rebuild(lambda _, size: size)
        held, tree, end = self._held, self._tree, len(self._tree)
        place, known = self._next, held.get(key)
        distance = inf
        if known is not None:
            old, old_size = known
            behind, at = 0, old
            while at:
                behind += tree[at]
                at &= at - 1
            distance = self._sum - behind
            self._sum -= old_size
            while old < end:
                tree[old] -= old_size
                old += old & -old
        held[key] = (place, size)
        self._sum += size
        self._next = place + 1
        while place < end:
            tree[place] += size
            place += place & -place
        return distance

    def rebuild(self, resize: Callable[[int, int], int]) -> None:
        """Number the places anew. resize: key and size -> its new size; 0: it is not looked at any more."""
        kept = [
            (key, new)
            for key, (_, size) in sorted(self._held.items(), key=lambda item: item[1][0])
            if (new := resize(key, size))
        ]
        self._held = {key: (place, size) for place, (key, size) in enumerate(kept, 1)}
        self._sum = sum(size for _, size in kept)
        self._next = len(kept) + 1
        # Twice as many places as things: numbering them anew costs each touch a constant.
        tree = [0] * (max(_LEAST, 2 * len(kept)) + 1)
        for place, (_, size) in enumerate(kept, 1):
            tree[place] += size
        for place in range(1, len(tree)):
            above = place + (place & -place)
            if above < len(tree):
                tree[above] += tree[place]
        self._tree = tree
