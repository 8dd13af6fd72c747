"""Memory: one worker's own entries, bounded by bytes. Synchronous, no clock.

Eviction is by second chance (CLOCK): an entry that was asked since the hand last passed stays. It keeps as much as
LRU (on skewed traffic more) and a hit sets one flag instead of moving a link. The flag and the time limit are fields
of the entry: an object beside each entry would cost 90 bytes and twice the garbage collector's work. The flag shares
its field with what the sieve notes there.
"""

import math
import sys
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from cachetools import Cache

from gateway.model.entry import UNCHECKED, UNUSED, Entry

_BOOKKEEPING = 586
"""Bytes by which an entry makes the process grow beside head, body and tags: objects, key, table rows, and what
allocators round up. 454 where its figures are those of other entries, 586 where they are its own."""

_PER_TAG = 128

_SHARE = 8
"""An entry over this part of the whole is not kept: one huge answer should not push out thousands of small ones."""

_SECOND_CHANCES = 32
"""Entries that one eviction passes over at most, so that none takes long."""

_SHARED = 1024
_SHARED_SIZE = 256
"""How many figures, and how many other parts, entries have in common; and how long (bytes) a text of those may be."""


class _Clock(Cache[bytes, Entry]):
    """Second chance as a cachetools policy. Counts entries, not bytes: a table of sizes costs 100 bytes per entry."""

    def __init__(self) -> None:
        super().__init__(maxsize=sys.maxsize)
        self._hand: deque[bytes] = deque()
        self._gone = 0  # keys in the hand's way that are deleted

    def __missing__(self, key: bytes) -> Any:
        """`self[key]` is None where there is none: an exception would double what it costs, three times per miss."""
        return None

    def __setitem__(self, key: bytes, entry: Entry) -> None:
        if key not in self:
            self._hand.append(key)
        super().__setitem__(key, entry)

    def __delitem__(self, key: bytes) -> None:
        super().__delitem__(key)
        self._gone += 1
        if self._gone > len(self) + _SECOND_CHANCES:
            self._hand = deque(key for key in dict.fromkeys(self._hand) if key in self)
            self._gone = 0

    def popitem(self) -> tuple[bytes, Entry]:
        """Removes and returns an entry that was not asked lately; KeyError where there is none at all."""
        hand, chances = self._hand, _SECOND_CHANCES
        while hand:
            key = hand.popleft()
            if key not in self:
                self._gone -= 1
                continue
            entry = self[key]
            if entry.checked != UNUSED and chances:
                entry.checked = UNUSED
                hand.append(key)
                chances -= 1
                continue
            super().__delitem__(key)
            return key, entry
        raise KeyError("empty")

    def clear(self) -> None:
        super().clear()
        self._hand.clear()
        self._gone = 0


class Memory:
    """The first tier. max_bytes: bodies, heads and bookkeeping together."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self.evictions = 0
        self._entries = _Clock()
        # `get` for who notes by judging it that an entry was asked: without a call around it, as each hit does it.
        self.peek: Callable[[bytes], Entry | None] = self._entries.__getitem__
        self._shared: dict[Any, Any] = {}
        self._figures: dict[float, float] = {}  # apart: 1.0 would stand for version 1

    def get(self, key: bytes) -> Entry | None:
        """The entry, however old: `until` and its own times say whether it may be used."""
        entry: Entry | None = self._entries[key]
        if entry is not None and entry.checked == UNUSED:
            entry.checked = UNCHECKED
        return entry

    def put(self, key: bytes, entry: Entry, until: float = math.inf, early: float = math.inf) -> None:
        """Keeps an entry and replaces what was there. One that is too large is not kept, nor is the one before it.

        until: Unix seconds; what `entry.until` is set to. early: from when on a hit has it asked anew.
        """
        self.remove(key)
        size = _size(entry)
        if size > self.max_bytes // _SHARE:
            return
        while self.bytes + size > self.max_bytes:
            _, evicted = self._entries.popitem()
            self.bytes -= _size(evicted)
            self.evictions += 1
        entry.until = until
        entry.checked = UNUSED
        self._share(entry)
        entry.hit_until = min(entry.until, entry.fresh_until, early)
        self._entries[key] = entry
        self.bytes += size

    def renew(self, entry: Entry, until: float, early: float) -> None:
        """An entry that is kept may be trusted anew; as `put`, without it being another one."""
        entry.until = until = self._figures.setdefault(until, until)
        entry.hit_until = min(until, entry.fresh_until, early)

    def page(self, after: int, most: int) -> list[tuple[bytes, Entry]]:
        """For an operator: entries behind the first `after` ones, the oldest first. They do not count as asked."""
        return [(key, self._entries[key]) for key in islice(self._entries, after, after + most)]

    def remove(self, key: bytes) -> None:
        """Forgets an entry; an unknown key is fine."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= _size(entry)

    def clear(self) -> None:
        """Forgets all."""
        self._entries.clear()
        self._shared.clear()
        self._figures.clear()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: bytes) -> bool:
        return key in self._entries

    def _share(self, entry: Entry) -> None:
        """Makes equal parts one object for all entries: a figure that is an entry's own takes 32 bytes."""
        for known in (self._shared, self._figures):
            if len(known) > _SHARED:
                known.clear()
        one = self._shared.setdefault
        entry.route = one(entry.route, entry.route)
        entry.stale = one(entry.stale, entry.stale)
        entry.version = one(entry.version, entry.version)
        if len(entry.coding) < _SHARED_SIZE:
            entry.coding = one(entry.coding, entry.coding)
        figure = self._figures.setdefault
        entry.fresh_for = figure(entry.fresh_for, entry.fresh_for)
        entry.initial_age = figure(entry.initial_age, entry.initial_age)
        entry.upstream_seconds = figure(entry.upstream_seconds, entry.upstream_seconds)
        entry.until = figure(entry.until, entry.until)


def _size(entry: Entry) -> int:
    """What an entry takes at most; the same at all times while it is kept."""
    size = (
        _BOOKKEEPING
        + len(entry.head)
        + len(entry.body)
        + len(entry.timeline)
        + len(entry.coding)
        + len(entry.tags) * _PER_TAG
    )
    for tag in entry.tags:
        size += len(tag) if tag.isascii() else 8 * len(tag)
    return size
