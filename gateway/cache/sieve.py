"""Sieve: what the ledger leaves of what is stored, and for how long this worker may go by what it knows of it.

An entry is judged once after each purge; the entries that memory holds remember that they were, so that a hit costs
one comparison.
"""

import math
from collections.abc import Awaitable, Callable

from gateway.model.entry import Entry
from gateway.policy.purges import GONE, UNTOUCHED, Names, Purges

Keys = tuple[bytes, ...]


async def _at_once() -> None:
    return


class Sieve:
    """purges: shared with whoever hears of them.

    until: Unix seconds, after which nothing that is stored may be used before `awake` has returned (control/follow).
    """

    def __init__(self, purges: Purges) -> None:
        self.purges = purges
        self.until = math.inf
        self.awake: Callable[[], Awaitable[None]] = _at_once

    def leaves(self, entry: Entry, keys: Keys) -> bool:
        """Whether an entry may be used; it is made stale where that was ordered. keys: by which it may be named."""
        stale_at = self.purges.judge(entry.version, Names(entry.route, keys, entry.tags))
        if stale_at == GONE:
            return False
        if stale_at != UNTOUCHED:
            _end(entry, stale_at)
        entry.checked = self.purges.newest
        return True


def _end(entry: Entry, at: float) -> None:
    """Have it fresh no longer than this. One that was stored later, by an older call, never was."""
    stored = entry.stored_at
    at = max(at, stored)
    if at < entry.fresh_until:
        entry.fresh_until, entry.fresh_for = at, at - stored
        entry.hit_until = min(entry.hit_until, at)
