"""Memo: request bytes -> what they were resolved to, bounded by bytes.

Two generations stand in for an LRU: what was asked lately is in the young one, and when that is half of the bound
it becomes the old one. A hit costs one look into a dict (0.1 us); a cachetools LRU costs ten times that.
"""

from gateway.model.entry import Entry, EntryFlag
from gateway.model.settings.route import RouteSettings
from gateway.observe.tally import Tally

_BOOKKEEPING = 400  # bytes of an item beside its own: objects and table rows


class Resolved:
    """What some request bytes mean: an entry's key, in which coding their sender takes it, where it is counted.

    hits, empties: the tallies of the two outcomes. refused: flags of entries that are not sent at once.
    last: bytes that came to this in another way, once.
    """

    __slots__ = ("coding", "empties", "hits", "key", "last", "refused", "route")

    def __init__(self, key: bytes, route: RouteSettings, coding: bytes, hits: Tally, empties: Tally) -> None:
        self.key = key
        self.route = route
        self.coding = coding
        self.hits = hits
        self.empties = empties
        self.refused = EntryFlag.VARY if route.stream.replay.pace == "at-once" else EntryFlag.VARY | EntryFlag.STREAM
        self.last = b""

    def fits(self, entry: Entry) -> bool:
        """Whether it may be sent to whoever sends these bytes."""
        return not entry.flags & self.refused and entry.coding == self.coding


class Memo:
    """Of at most `max_bytes` of request bytes and bookkeeping."""

    def __init__(self, max_bytes: int) -> None:
        self._half = max_bytes // 2
        self._young: dict[bytes, Resolved] = {}
        self._old: dict[bytes, Resolved] = {}
        self._bytes = 0

    def get(self, data: bytes) -> Resolved | None:
        """What these bytes were resolved to, if it is still known."""
        found = self._young.get(data)
        if found is None and self._old:
            found = self._old.pop(data, None)
            if found is not None:
                self.put(data, found)
        return found

    def put(self, data: bytes, resolved: Resolved) -> None:
        """Remember."""
        self._young[data] = resolved
        self._bytes += len(data) + _BOOKKEEPING
        if self._bytes > self._half:
            self._old, self._young, self._bytes = self._young, {}, 0

    def clear(self) -> None:
        """Forget all: what requests mean has changed."""
        self._young, self._old, self._bytes = {}, {}, 0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
