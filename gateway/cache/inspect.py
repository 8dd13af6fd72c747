"""Inspect: what the tiers hold, for an operator. Looks, keeps nothing, counts nothing."""

from dataclasses import dataclass

from gateway.cache.codec import decode
from gateway.cache.memory import Memory
from gateway.cache.sieve import Keys, Sieve
from gateway.cache.store import Paged, Store
from gateway.model.entry import Entry
from gateway.model.errors import StoreUnavailable

ROWS = 200
"""Records of one page that are looked at, at most: each is read whole and decoded in the event loop (20 us)."""

_BYTES = 4 << 20


@dataclass(slots=True, frozen=True)
class Held:
    """An entry, and where it is: "memory", "disk", "redis"."""

    key: bytes
    entry: Entry
    tier: str


@dataclass(slots=True, frozen=True)
class Page:
    """Some of a tier's entries. place: behind them; b"" where there are no more. looked: how many were looked at."""

    held: list[Held]
    place: bytes
    looked: int


class Inspector:
    """One worker's memory, and the store that all share. sieve: what has been purged is not there."""

    def __init__(self, memory: Memory, store: Store | None, sieve: Sieve) -> None:
        self._memory = memory
        self._store = store
        self._sieve = sieve

    @property
    def tiers(self) -> tuple[str, ...]:
        """Their names."""
        return ("memory",) if self._store is None else ("memory", self._store.name)

    async def look(self, key: bytes, named: Keys = ()) -> list[Held]:
        """The entry of a key, in each tier that has it. named: other keys by which a purge may have named it.

        StoreUnavailable where the store cannot say.
        """
        entry = self._memory.peek(key)
        found = [] if entry is None else [Held(key, entry, "memory")]
        if self._store is not None:
            (row,) = await self._store.read([key])
            stored = decode(row) if row is not None else None
            if stored is not None and stored.route:
                found.append(Held(key, stored, self._store.name))
        return self._left(found, named)

    def _left(self, found: list[Held], named: Keys = ()) -> list[Held]:
        return [held for held in found if self._leaves(held, named)]

    def _leaves(self, held: Held, named: Keys) -> bool:
        """Whether no purge has taken it. That it was judged here must not pass for its having been asked."""
        checked = held.entry.checked
        left = self._sieve.leaves(held.entry, (held.key, *named))
        held.entry.checked = checked
        return left

    async def page(self, tier: str, place: bytes) -> Page:
        """Some of a tier's entries. ValueError: no such place. StoreUnavailable: it cannot say."""
        if tier == "memory":
            after = int(place or b"0")
            if after < 0:
                raise ValueError("not a place in memory")
            rows = self._memory.page(after, ROWS)
            behind = b"%d" % (after + len(rows)) if len(rows) == ROWS else b""
            return Page(self._left([Held(key, entry, tier) for key, entry in rows]), behind, len(rows))
        store: object = self._store
        if not isinstance(store, Paged):
            raise StoreUnavailable(f"{tier} cannot be looked through")
        records, behind = await store.page(place, ROWS, _BYTES)
        decoded = ((key, decode(row)) for key, row in records)
        # Without a route it is a record of ours, and no answer.
        held = [Held(key, entry, tier) for key, entry in decoded if entry is not None and entry.route]
        return Page(self._left(held), behind, len(records))
