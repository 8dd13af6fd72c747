"""The embedded tier's transactions: what each operation does to LMDB's tables. No threads, no clock.

Times are Unix seconds outside, and inside whole milliseconds, big-endian, so that the index by expiry sorts as time
does. Every function is given an open transaction and may be run again after that one was aborted.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeAlias

import lmdb

from gateway.cache.disk_file import Tables
from gateway.cache.store import Claim, Record
from gateway.policy.freshness import SKEW

Transaction: TypeAlias = "lmdb.Transaction[memoryview]"

_STAMP = struct.Struct(">Q")
_HELD, _GIVEN_UP = b"\0", b"\1"
_TOKEN = _STAMP.size + 1

_NEIGHBOURS = 4
"""How many leases a claim looks at beside its own, to remove the expired: keys are random, so all get their turn."""


def _stamp(seconds: float) -> bytes:
    return _STAMP.pack(min(max(int(seconds * 1000), 0), 1 << 63))


def _passed(row: memoryview, now: float) -> bool:
    """Whether the time that a row begins with is over; a row too short to begin with one is as good as expired."""
    if len(row) < _STAMP.size:
        return True
    milliseconds: int = _STAMP.unpack_from(row)[0]
    return milliseconds <= now * 1000


def read(txn: Transaction, tables: Tables, keys: Sequence[bytes], now: float) -> list[bytes | None]:
    """The records, copied once, out of the map; None for what is not there or has expired."""
    return [read_one(txn, tables, key, now) for key in keys]


def read_one(txn: Transaction, tables: Tables, key: bytes, now: float) -> bytes | None:
    """`read` for one key."""
    row = txn.get(key, db=tables.values)
    return None if row is None or _passed(row, now) else bytes(row[_STAMP.size :])


def page(
    txn: Transaction, tables: Tables, after: bytes, now: float, most: int, most_bytes: int
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Records behind a key, by key, and the last key that was looked at; b"" where that was the last there is.

    Ends early, after one record at least, where they come to more than so many bytes.
    """
    found: list[tuple[bytes, bytes]] = []
    size, looked, last = 0, 0, b""
    with txn.cursor(tables.values) as cursor:
        if not cursor.set_range(after):
            return found, b""
        for raw, row in cursor.iternext():
            key = bytes(raw)
            if key == after:
                continue
            if looked >= most or size > most_bytes:
                return found, last
            looked, last = looked + 1, key
            if not _passed(row, now):
                found.append((key, bytes(row[_STAMP.size :])))
                size += len(row)
    return found, b""


def write(txn: Transaction, tables: Tables, items: Sequence[Record]) -> None:
    """Stores all, and keeps the index true."""
    for key, value, expires_at in items:
        _unindex(txn, tables, key)
        stamp = _stamp(expires_at)
        txn.put(key, stamp + value, db=tables.values)
        txn.put(stamp + key, b"", db=tables.expiry)


def remove(txn: Transaction, tables: Tables, keys: Sequence[bytes]) -> None:
    """Forgets all."""
    for key in keys:
        _unindex(txn, tables, key)
        txn.delete(key, db=tables.values)


def _unindex(txn: Transaction, tables: Tables, key: bytes) -> None:
    row = txn.get(key, db=tables.values)
    if row is not None:
        txn.delete(bytes(row[: _STAMP.size]) + key, db=tables.expiry)


def sweep(txn: Transaction, tables: Tables, now: float, limit: int) -> int:
    """Removes up to `limit` expired records; how many."""
    rows = [bytes(row) for row in islice(_by_expiry(txn, tables), limit) if _passed(row, now)]
    return _evict(txn, tables, rows)


def evict(txn: Transaction, tables: Tables, limit: int) -> int:
    """Removes the `limit` records that are the soonest to expire; how many."""
    return _evict(txn, tables, [bytes(row) for row in islice(_by_expiry(txn, tables), limit)])


def _by_expiry(txn: Transaction, tables: Tables) -> Iterator[memoryview]:
    return txn.cursor(tables.expiry).iternext(keys=True, values=False)


def _evict(txn: Transaction, tables: Tables, rows: list[bytes]) -> int:
    for row in rows:
        if len(row) > _STAMP.size:
            txn.delete(row[_STAMP.size :], db=tables.values)
        txn.delete(row, db=tables.expiry)
    return len(rows)


def lease(txn: Transaction, tables: Tables, key: bytes, token: bytes, now: float, ttl: float) -> Claim:
    """What a claim would come to.

    Whoever asks about a key does so for as long as the others. A lease that would last longer from now is one of
    before a clock was set back: were its owner dead, all would wait until the clock gets there again.
    """
    row = txn.get(key, db=tables.leases)
    if row is None or _passed(row, now) or (row[_STAMP.size : _TOKEN] == _HELD and not _passed(row, now + ttl + SKEW)):
        return Claim.GRANTED
    if row[_STAMP.size : _TOKEN] == _GIVEN_UP:
        return Claim.GIVEN_UP
    return Claim.GRANTED if row[_TOKEN:] == token else Claim.HELD


def claim(txn: Transaction, tables: Tables, key: bytes, token: bytes, now: float, ttl: float) -> Claim:
    """Takes the lease where that is possible."""
    _sweep_leases(txn, tables, key, now)
    found = lease(txn, tables, key, token, now, ttl)
    if found is Claim.GRANTED:
        txn.put(key, _stamp(now + ttl) + _HELD + token, db=tables.leases)
    return found


def _sweep_leases(txn: Transaction, tables: Tables, key: bytes, now: float) -> None:
    with txn.cursor(tables.leases) as cursor:
        if not cursor.set_range(key):
            return
        over = [bytes(other) for other, row in islice(cursor.iternext(), _NEIGHBOURS) if _passed(row, now)]
    for other in over:
        txn.delete(other, db=tables.leases)


def _ours(txn: Transaction, tables: Tables, key: bytes, token: bytes, now: float) -> bool:
    row = txn.get(key, db=tables.leases)
    return row is not None and row[_STAMP.size :] == _HELD + token and not _passed(row, now)


def renew(txn: Transaction, tables: Tables, key: bytes, token: bytes, now: float, ttl: float) -> bool:
    """Prolongs our lease; False where it is no longer ours."""
    ours = _ours(txn, tables, key, token, now)
    if ours:
        txn.put(key, _stamp(now + ttl) + _HELD + token, db=tables.leases)
    return ours


def release(txn: Transaction, tables: Tables, key: bytes, token: bytes, now: float, given_up_for: float) -> None:
    """Ends our lease, and leaves word where nobody should wait for it."""
    if not _ours(txn, tables, key, token, now):
        return
    if given_up_for > 0:
        txn.put(key, _stamp(now + given_up_for) + _GIVEN_UP, db=tables.leases)
    else:
        txn.delete(key, db=tables.leases)


def fill(txn: Transaction, tables: Tables) -> tuple[int, int]:
    """How many records there are, and how many bytes of the map the tables take."""
    stats = [txn.stat(table) for table in tables]
    pages = sum(stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"] for stat in stats)
    return stats[0]["entries"], pages * stats[0]["psize"]
