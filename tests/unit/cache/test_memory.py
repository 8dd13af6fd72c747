"""Memory: what stays, what goes, and what it costs."""

import gc
import tracemalloc

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


def test_a_head_made_later_does_not_change_the_count() -> None:
    memory = Memory(1 << 20)
    entry = make_entry(b"x" * 100)
    memory.put(make_key(1), entry)
    entry.head = b"HTTP/1.1 200 OK\r\n" + b"x" * 500
    memory.remove(make_key(1))
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
    assert one.fields[0] is other.fields[0]
    assert one.route is other.route


def test_the_count_of_bytes_is_the_real_cost() -> None:
    """An answer of 1.4 KB costs at most 600 bytes beside body and prebuilt head, and is counted at no less."""
    count, body = 5_000, 1400
    memory = Memory(1 << 30)
    record = encode(make_entry(b"x" * body), 1 << 20)
    keys = [make_key(n) for n in range(count)]
    gc.collect()
    tracemalloc.start()
    for n, key in enumerate(keys):
        entry = decode(record)
        assert entry is not None
        entry.stored_at, entry.fresh_until = entry.stored_at + n, entry.fresh_until + n
        entry.stale_while_until, entry.stale_error_until = entry.fresh_until + 60.5, entry.fresh_until + 3600.5
        entry.upstream_seconds = n + 0.1
        memory.put(key, entry, until=entry.fresh_until + 0.25)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] / count - body
    tracemalloc.stop()
    assert taken + 65 <= 600  # the keys were there before
    assert taken <= memory.bytes / count - body
