"""Debts: how far each client's bucket is from being full, for any number of clients in 2 MiB.

A table of clients would have to forget some of them once an attacker has filled it, and whom it forgets has a full
bucket again. So there is none: as in a count-min sketch, each client has one cell in each of four rows, at places that
a secret of this process decides. A cell holds the time at which all buckets that lie in it are full; a client's own
time is the earliest of its four. That is never too early: nobody gets more than his bucket gives, whatever others do.
It may be too late where all four cells are shared with somebody who owes more. What a client spends raises only those
of its cells that lie below its own new time, so that 65,536 strangers who owe one token each cost a newcomer one token
and not more; 10,000 who owe all they may, at once, get 1 newcomer in 2,000 refused.
"""

import os
from array import array
from hashlib import blake2b

from gateway.policy.bucket import Tariff

_ROWS = 4
_COLUMNS = 1 << 16
_MASK = _COLUMNS - 1

Cells = tuple[int, ...]


class Debts:
    """The buckets of one route's clients, all of one tariff. Times: seconds of one clock."""

    __slots__ = ("_full_at", "_secret", "tariff")

    def __init__(self, tariff: Tariff, secret: bytes | None = None) -> None:
        self.tariff = tariff
        self._secret = secret if secret is not None else os.urandom(16)  # or one could aim at another's cells
        self._full_at = array("d", bytes(8 * _ROWS * _COLUMNS))

    def cells(self, client: bytes) -> Cells:
        """Where a client's bucket lies."""
        digest = blake2b(client, key=self._secret, digest_size=4 * _ROWS).digest()
        return tuple(
            row * _COLUMNS + (int.from_bytes(digest[4 * row : 4 * row + 4], "little") & _MASK) for row in range(_ROWS)
        )

    def wait(self, cells: Cells, now: float) -> float:
        """Seconds until the bucket holds a token; 0 where it does."""
        return self.tariff.wait(self._of(cells), now)

    def spend(self, cells: Cells, now: float) -> None:
        """Take a token."""
        self.raise_to(cells, self.tariff.spent(self._of(cells), now))

    def raise_to(self, cells: Cells, full_at: float) -> None:
        """The bucket is full no sooner than that."""
        table = self._full_at
        for cell in cells:
            if table[cell] < full_at:
                table[cell] = full_at

    def _of(self, cells: Cells) -> float:
        table = self._full_at
        return min([table[cell] for cell in cells])
