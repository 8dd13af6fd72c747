"""Memory: what stays, what goes, and what it costs."""

import gc
import os
import subprocess
import sys
import tracemalloc

import pytest

from gateway.cache.codec import decode, encode
from gateway.cache.memory import Memory
from gateway.model.entry import Entry
from tests.support.entries import make_entry, make_key


def test_put_get_replace_remove() -> None:
    memory = Memory(1 << 20)
    first, second = make_entry(b"1"), make_entry(b"2")
    assert memory.get(make_key(1)) is None
    memory.put(make_key(1), first)
    assert memory.get(make_key(1)) is first
    memory.put(make_key(1), second, until=5.0)
    assert memory.get(make_key(1)) is second
    assert (second.until, len(memory)) == (5.0, 1)
    memory.remove(make_key(1))
    memory.remove(make_key(1))
    assert (memory.get(make_key(1)), len(memory), memory.bytes) == (None, 0, 0)


def test_an_entry_that_is_renewed_is_trusted_anew_and_stays_where_it_is() -> None:
    memory = Memory(1 << 20)
    entry = make_entry(b"1")
    memory.put(make_key(1), entry, until=entry.fresh_until - 100)
    before = memory.bytes
    memory.renew(entry, entry.fresh_until + 50, early=entry.fresh_until - 10)
    assert (entry.until, entry.hit_until) == (entry.fresh_until + 50, entry.fresh_until - 10)
    assert (memory.get(make_key(1)), memory.bytes, len(memory)) == (entry, before, 1)


def test_what_was_not_asked_goes_first() -> None:
    memory = Memory(20_000)
    for n in range(10):
        memory.put(make_key(n), make_entry(b"x" * 1000))
    asked = [make_key(0), make_key(3)]
    for key in asked:
        assert memory.get(key) is not None
    for n in range(100, 108):
        memory.put(make_key(n), make_entry(b"x" * 1000))
    assert memory.evictions >= 6
    assert all(key in memory for key in asked)
    assert make_key(1) not in memory


def test_one_eviction_ends_soon_where_all_were_asked() -> None:
    memory = Memory(1_000_000)
    n = 0
    while not memory.evictions:
        memory.put(make_key(n), make_entry(b""))
        memory.get(make_key(n))
        n += 1
    held = len(memory)
    memory.put(make_key("more"), make_entry(b""))
    assert len(memory) == held
    assert memory.evictions == 2


def test_an_entry_that_would_push_out_all_others_is_not_kept() -> None:
    memory = Memory(80_000)
    memory.put(make_key(1), make_entry(b"small"))
    memory.put(make_key(2), make_entry(b"x" * 11_000))
    assert make_key(2) not in memory
    memory.put(make_key(1), make_entry(b"x" * 11_000))
    assert make_key(1) not in memory  # nor is what it replaces
    assert memory.bytes == 0


def test_removing_and_putting_again_for_ever_holds_nothing_more() -> None:
    memory = Memory(1 << 20)
    for _ in range(2):
        gc.collect()
        tracemalloc.start()
        for n in range(20_000):
            memory.put(make_key(n % 5), make_entry(b""))
            memory.remove(make_key(n % 5))
        grown = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    assert grown < 50_000


def test_what_entries_have_in_common_is_held_once() -> None:
    memory = Memory(1 << 20)
    record = encode(make_entry(), 1 << 20)
    entries: list[Entry] = []
    for n in range(2):
        entry = decode(record)
        assert entry is not None
        memory.put(make_key(n), entry)
        entries.append(entry)
    one, other = entries
    assert one == other
    for part in ("route", "fresh_for", "stale", "upstream_seconds", "version"):
        assert getattr(one, part) is getattr(other, part)


def test_a_figure_never_stands_for_a_version_that_equals_it() -> None:
    memory = Memory(1 << 20)
    entry = make_entry(initial_age=600.0, version=600)
    memory.put(make_key(1), entry)
    assert [type(part) for part in (entry.version, entry.initial_age)] == [int, float]
    assert decode(encode(entry, 0)) == entry


def test_sharing_holds_no_more_than_so_many_parts() -> None:
    memory = Memory(1 << 16)
    gc.collect()
    tracemalloc.start()
    for n in range(20_000):
        memory.put(make_key(n), make_entry(b"", route=f"route {n}", initial_age=n + 0.5, coding=b"x" * 200 + b"%d" % n))
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 1_500_000


_GROWTH = """
import resource, sys, time
from gateway.cache.memory import Memory
from tests.support.entries import make_entry, make_key

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

count, body, own = 50_000, 1400, sys.argv[1] == "own"
memory = Memory(1 << 30)
before = resident()
for n in range(count):
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(1.7e9 + n)).encode()
    fields = (
        (b"Date", date), (b"Server", b"uvicorn"), (b"Content-Type", b"application/json"),
        (b"Cache-Control", b"max-age=600"), (b"X-Model", b"rag-%d" % (n % 3)),
    )
    at = 1.7e9 + n * 0.013
    entry = make_entry((b"%d" % n).ljust(body), now=at, fields=fields)
    entry.fresh_for = 540 + (n * 0.0011 if own else n % 120)
    entry.upstream_seconds = 1 + (n * 0.0003 if own else n % 64 / 64)
    memory.put(make_key(n), entry, at + 60 if own else float(int(at) + 60))
    del entry, fields, date
print((resident() - before) / count - body, memory.bytes / count - body)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("own", [False, True])
def test_the_count_of_bytes_is_what_the_process_grows_by(own: bool) -> None:
    """An answer of 1.4 KB with five fields costs at most 600 bytes beside its body, and is counted at no less."""
    command = [sys.executable, "-c", _GROWTH, "own" if own else "shared"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=50, env=environment, check=True)
    grown, counted = map(float, ran.stdout.split())
    assert grown <= counted
    assert own or grown <= 600


def test_a_hit_needs_no_second_look_while_all_of_its_times_last():
    memory = Memory(1 << 20)
    for until, early, expected in ((5.0, 9.0, 5.0), (9.0, 5.0, 5.0), (9e9, 9e9, None)):
        memory.put(make_key(1), kept := make_entry(now=1000.0), until, early)
        assert kept.hit_until == (expected or kept.fresh_until)
