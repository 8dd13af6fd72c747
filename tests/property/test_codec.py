"""Codec: what is encoded comes back; whatever else a store may return comes back as nothing."""

import struct
import zlib
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.codec import decode, encode
from gateway.model.entry import Entry, Windows

TIMES = st.floats(min_value=0, max_value=1e11, allow_nan=False)
OCTETS = st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\r\n\0"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
BODIES = st.one_of(
    st.binary(max_size=3000), st.builds(lambda part, n: part * n, st.binary(max_size=9), st.integers(0, 999))
)

NAMES = OCTETS.map(lambda raw: raw.translate(None, b":"))

ENTRIES = st.builds(
    Entry.of,
    status=st.integers(0, 999),
    reason=OCTETS,
    fields=st.lists(st.tuples(NAMES, OCTETS), max_size=8).map(tuple),
    body=BODIES,
    coding=st.sampled_from([b"", b"gzip", b"\xff"]),
    route=TEXTS,
    fresh_until=TIMES,
    fresh_for=TIMES,
    stale=st.builds(Windows, TIMES, TIMES, TIMES),
    initial_age=TIMES,
    tags=st.lists(TEXTS, max_size=4).map(tuple),
    version=st.integers(0, 2**64 - 1),
    flags=st.integers(0, 7),
    upstream_seconds=TIMES,
    timeline=st.binary(max_size=40),
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


SIZES = st.integers(0, 80)


@given(
    head=st.just(b"HTTP/1.1 200 OK\r\nA: b\r\n") | st.binary(max_size=60),
    texts=st.binary(max_size=20),
    tree=TREES,
    sizes=st.none() | st.tuples(SIZES, SIZES, SIZES, SIZES, SIZES),
    flags=st.integers(0, 9),
    numbers=st.just(bytes(56)) | st.binary(min_size=56, max_size=56),
    body=st.binary(max_size=50),
    packing=st.integers(0, 3),
)
def test_a_record_with_a_true_checksum_and_hostile_contents_never_raises(
    head: bytes, texts: bytes, tree: Any, sizes: Any, flags: int, numbers: bytes, body: bytes, packing: int
) -> None:
    tags = orjson.dumps(tree)
    true = len(head), len(tags), len(body), 0, len(texts)
    rest = struct.pack("<IIIHHI", *(sizes or true), flags) + numbers + head + texts + tags + body
    found = decode(struct.pack("<2sBBI", b"rf", 2, packing, zlib.crc32(rest)) + rest)
    if found is not None:
        assert type(found.route) is str
        assert all(type(tag) is str for tag in found.tags)
        assert Entry.of(found.status, found.reason, found.fields, b"", **OTHERS).head == found.head


OTHERS: dict[str, Any] = {
    "coding": b"", "route": "", "fresh_until": 0.0, "fresh_for": 0.0, "stale": Windows(0.0, 0.0)
}  # fmt: skip
