"""Codec: what is encoded comes back; whatever else a store may return comes back as nothing."""

import struct
import zlib
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.codec import decode, encode
from gateway.model.entry import Entry, EntryFlag

TIMES = st.floats(min_value=0, max_value=1e11, allow_nan=False)
OCTETS = st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\r\n\0"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
BODIES = st.one_of(
    st.binary(max_size=3000), st.builds(lambda part, n: part * n, st.binary(max_size=9), st.integers(0, 999))
)

ENTRIES = st.builds(
    Entry,
    status=st.integers(0, 999),
    reason=st.binary(max_size=20),
    fields=st.lists(st.tuples(OCTETS, OCTETS), max_size=8).map(tuple),
    body=BODIES,
    coding=st.sampled_from([b"", b"gzip", b"\xff"]),
    route=TEXTS,
    stored_at=TIMES,
    fresh_until=TIMES,
    stale_while_until=TIMES,
    stale_error_until=TIMES,
    initial_age=TIMES,
    tags=st.lists(TEXTS, max_size=4).map(tuple),
    version=st.integers(0, 2**64 - 1),
    flags=st.integers(0, 7).map(EntryFlag),
    upstream_seconds=TIMES,
)


@given(entry=ENTRIES, compress_over=st.integers(0, 4000), view=st.booleans())
def test_an_entry_comes_back_as_it_was(entry: Entry, compress_over: int, view: bool) -> None:
    record = encode(entry, compress_over)
    assert decode(memoryview(record) if view else record) == entry


@given(entry=ENTRIES, data=st.data())
def test_a_truncated_record_is_nothing(entry: Entry, data: st.DataObject) -> None:
    record = encode(entry, 100)
    assert decode(record[: data.draw(st.integers(0, len(record) - 1))]) is None


@given(entry=ENTRIES, data=st.data())
def test_an_altered_record_is_nothing(entry: Entry, data: st.DataObject) -> None:
    record = bytearray(encode(entry, 100))
    record[data.draw(st.integers(0, len(record) - 1))] ^= data.draw(st.integers(1, 255))
    assert decode(bytes(record)) is None


@given(record=st.binary(max_size=300))
def test_any_bytes_are_an_entry_or_nothing(record: bytes) -> None:
    assert decode(record) is None


TREES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=12,
)


@given(tree=TREES, numbers=st.binary(min_size=64, max_size=64), body=st.binary(max_size=50), coding=st.integers(0, 3))
def test_a_record_with_a_true_checksum_and_hostile_contents_never_raises(
    tree: Any, numbers: bytes, body: bytes, coding: int
) -> None:
    texts = orjson.dumps(tree)
    rest = struct.pack("<II", len(texts), len(body)) + numbers + texts + body
    record = struct.pack("<2sBBI", b"rf", 1, coding, zlib.crc32(rest)) + rest
    found = decode(record)
    assert found is None or type(found.route) is str
