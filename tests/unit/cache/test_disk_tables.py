"""Disk tables: the index by expiry stays true, and evicts and sweeps in its order."""

from collections.abc import Iterator
from pathlib import Path

import lmdb
import pytest

from gateway.cache import disk_tables
from gateway.cache.disk_file import Tables
from gateway.cache.store import Claim, Record
from tests.support.entries import make_key

NOW = 1_700_000_000.0


@pytest.fixture
def env(tmp_path: Path) -> Iterator[lmdb.Environment]:
    env = lmdb.open(str(tmp_path), map_size=4 << 20, max_dbs=4, sync=False)
    yield env
    env.close()


@pytest.fixture
def tables(env: lmdb.Environment) -> Tables:
    return Tables(*(env.open_db(name.encode()) for name in Tables._fields))


def write(env: lmdb.Environment, tables: Tables, *items: tuple[int, float]) -> None:
    with env.begin(write=True, buffers=True) as txn:
        disk_tables.write(txn, tables, [Record(make_key(n), b"%d" % n, NOW + left) for n, left in items])


def held(env: lmdb.Environment, tables: Tables, now: float = NOW) -> set[bytes]:
    with env.begin(buffers=True) as txn:
        return {row for row in disk_tables.read(txn, tables, [make_key(n) for n in range(100)], now) if row}


def indexed(env: lmdb.Environment, tables: Tables) -> int:
    with env.begin() as txn:
        return txn.stat(tables.expiry)["entries"]


def test_expiry_is_judged_at_the_millisecond(env: lmdb.Environment, tables: Tables) -> None:
    write(env, tables, (1, 10.0))
    assert held(env, tables, NOW + 9.999) == {b"1"}
    assert held(env, tables, NOW + 10.0) == set()


def test_times_out_of_range_are_the_nearest_in_it(env: lmdb.Environment, tables: Tables) -> None:
    write(env, tables, (1, -1e18), (2, 1e18))
    assert held(env, tables) == {b"2"}


def test_replacing_and_removing_leave_nothing_in_the_index(env: lmdb.Environment, tables: Tables) -> None:
    for left in (10, 20, 20, 5):
        write(env, tables, (1, left), (2, left))
    assert indexed(env, tables) == 2
    with env.begin(write=True, buffers=True) as txn:
        disk_tables.remove(txn, tables, [make_key(1), make_key(77)])
    assert (held(env, tables), indexed(env, tables)) == ({b"2"}, 1)


def test_the_soonest_to_expire_are_evicted_first(env: lmdb.Environment, tables: Tables) -> None:
    write(env, tables, (1, 50), (2, 10), (3, 40), (4, 20), (5, 30))
    write(env, tables, (2, 60))
    with env.begin(write=True, buffers=True) as txn:
        assert disk_tables.evict(txn, tables, 2) == 2
    assert held(env, tables) == {b"1", b"2", b"3"}
    with env.begin(write=True, buffers=True) as txn:
        assert disk_tables.evict(txn, tables, 100) == 3
        assert disk_tables.evict(txn, tables, 100) == 0


def test_a_sweep_removes_only_what_has_expired_and_little_at_a_time(env: lmdb.Environment, tables: Tables) -> None:
    write(env, tables, *((n, n) for n in range(20)))
    with env.begin(write=True, buffers=True) as txn:
        assert disk_tables.sweep(txn, tables, NOW + 9.5, 4) == 4
        assert disk_tables.sweep(txn, tables, NOW + 9.5, 100) == 6
        assert disk_tables.sweep(txn, tables, NOW + 9.5, 100) == 0
    assert held(env, tables) == {b"%d" % n for n in range(10, 20)}
    assert indexed(env, tables) == 10


def test_claims_clear_away_what_dead_owners_left(env: lmdb.Environment, tables: Tables) -> None:
    with env.begin(write=True, buffers=True) as txn:
        for n in range(200):
            disk_tables.claim(txn, tables, make_key(n), b"dead", NOW, 1)
    with env.begin(write=True, buffers=True) as txn:
        for n in range(200, 400):
            assert disk_tables.claim(txn, tables, make_key(n), b"alive", NOW + 2, 30) is Claim.GRANTED
        assert txn.stat(tables.leases)["entries"] < 260


@pytest.mark.parametrize(
    ("back", "claim"), [(0, Claim.HELD), (4, Claim.HELD), (6, Claim.GRANTED), (3600, Claim.GRANTED)]
)
def test_a_lease_of_before_a_clock_was_set_back_holds_nobody_up(
    env: lmdb.Environment, tables: Tables, back: float, claim: Claim
) -> None:
    with env.begin(write=True, buffers=True) as txn:
        disk_tables.claim(txn, tables, make_key(1), b"dead", NOW, 10)
        assert disk_tables.lease(txn, tables, make_key(1), b"alive", NOW - back, 10) is claim
        assert disk_tables.claim(txn, tables, make_key(1), b"alive", NOW - back, 10) is claim


def test_fill_counts_records_and_pages(env: lmdb.Environment, tables: Tables) -> None:
    write(env, tables, *((n, 10) for n in range(50)))
    with env.begin(buffers=True) as txn:
        entries, taken = disk_tables.fill(txn, tables)
    assert entries == 50
    assert 2 * 4096 <= taken <= 10 * 4096
