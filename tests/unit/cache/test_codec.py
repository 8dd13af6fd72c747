"""Codec: what a record costs, and what hostile ones do not get."""

import resource
import struct
import sys
import zlib
from dataclasses import replace

import pytest
import zstandard

from gateway.cache.codec import MAX_BODY, decode, encode, is_record_of
from gateway.model.entry import UNUSED, EntryFlag
from tests.support.entries import make_entry

PLAIN = 10**9
"""compress_over: nothing is."""


def sealed(record: bytes) -> bytes:
    """The record with a checksum that is right."""
    rest = record[8:]
    return record[:4] + struct.pack("<I", zlib.crc32(rest)) + rest


def test_every_part_of_an_entry_comes_back() -> None:
    entry = make_entry(
        b"\x1f\x8b rest",
        status=404,
        reason=b"Nope\xe9",
        fields=((b"A", b"1"), (b"a", b"\xff\xfe"), (b"A", b"")),
        coding=b"gzip",
        initial_age=3.5,
        tags=("doc:42", "dök"),
        version=7,
        flags=EntryFlag.EMPTY | EntryFlag.STREAM,
        upstream_seconds=1.25,
    )
    assert decode(encode(entry, 0)) == entry


@pytest.mark.parametrize("over", [0, PLAIN])
def test_a_record_is_known_as_that_of_the_entry_at_hand(over: int) -> None:
    entry = make_entry(b"x" * 100)
    assert is_record_of(encode(entry, over), entry)
    assert is_record_of(encode(entry, over), replace(entry, until=5.0, checked=9))


@pytest.mark.parametrize(
    "change",
    [
        {"fresh_until": 1e9}, {"fresh_for": 5.0}, {"version": 8}, {"flags": EntryFlag.EMPTY},
        {"body": b"other"}, {"head": b"HTTP/1.1 200 OK\r\n"},
    ],
)  # fmt: skip
def test_a_record_of_another_entry_is_decoded(change: dict[str, object]) -> None:
    entry = make_entry(b"x" * 100)
    assert not is_record_of(encode(entry, PLAIN), replace(entry, **change))  # type: ignore[arg-type]


def test_what_is_no_record_of_this_version_is_decoded() -> None:
    entry = make_entry(b"x")
    record = encode(entry, PLAIN)
    for odd in (b"", record[:40], b"rf\x02" + record[3:], b"x" * len(record)):
        assert not is_record_of(odd, entry)


def test_what_belongs_to_memory_is_not_stored() -> None:
    entry = make_entry(until=5.0, checked=9)
    found = decode(encode(entry, PLAIN))
    assert found is not None
    assert (found.until, found.checked) == (0.0, UNUSED)


@pytest.mark.parametrize(
    ("body", "coding", "over", "compressed"),
    [
        (b'{"text": "aaaa bbbb"}' * 100, b"", 1024, True),
        (b'{"text": "aaaa bbbb"}' * 100, b"", 10_000, False),
        (b'{"text": "aaaa bbbb"}' * 100, b"gzip", 1024, False),
        (bytes(range(256)) * 1, b"", 100, False),  # it would not get smaller
        (b"\0" * 1_000_000, b"", 1024, False),  # it would get implausibly small
    ],
)
def test_bodies_are_compressed_where_that_helps(body: bytes, coding: bytes, over: int, compressed: bool) -> None:
    entry = make_entry(body, coding=coding)
    record = encode(entry, over)
    assert (len(record) < len(body)) == compressed
    assert decode(record) == entry


def test_another_version_and_another_program_s_bytes_are_nothing() -> None:
    record = encode(make_entry(), PLAIN)
    assert decode(sealed(record)) is not None
    assert decode(sealed(b"rf\x01" + record[3:])) is None
    assert decode(sealed(b"xx" + record[2:])) is None
    assert decode(b"") is None
    assert decode(b"\x80\x04\x95pickle") is None


def test_unknown_flags_are_nothing() -> None:
    record = bytearray(encode(make_entry(), PLAIN))
    record[8 + 16] = 8
    assert decode(sealed(bytes(record))) is None


@pytest.mark.parametrize("value", [b"a\r\n\r\n<html>", b"a\r\nSet-Cookie", b"a\nb", b"a\rb", b"a\0b", b"\r\n"])
def test_a_field_that_would_end_its_line_is_nothing(value: bytes) -> None:
    assert decode(encode(make_entry(fields=((b"X", value),)), PLAIN)) is None
    assert decode(encode(make_entry(reason=value), PLAIN)) is None
    assert decode(encode(make_entry(fields=((value, b"X"), (b"Y", value))), PLAIN)) is None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 20 OK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1 200\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA\r\n",
        b"HTTP/1.1 200 OK\r\nA: b",
        b"\r\nHTTP/1.1 200 OK\r\n",
    ],
)
def test_a_head_that_is_none_is_nothing(head: bytes) -> None:
    assert decode(encode(replace(make_entry(), head=head), PLAIN)) is None


def test_a_long_hostile_head_takes_no_longer_than_its_bytes() -> None:
    """No backing up over what was matched: 256 KB would take minutes."""
    for piece in (b"a", b"a: ", b":", b"a: b\r\n", b": "):
        assert decode(encode(replace(make_entry(), head=b"HTTP/1.1 200 OK\r\n" + piece * 65_536 + b"!"), PLAIN)) is None


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), float("-inf")])
def test_times_that_are_no_numbers_are_nothing(figure: float) -> None:
    assert decode(encode(make_entry(fresh_until=figure), PLAIN)) is None


def bomb(claimed: int, frame: bytes) -> bytes:
    """A record whose body is this zstd frame, and said to be so long."""
    record = bytearray(encode(make_entry(b""), PLAIN))
    record[3] = 1
    record[20:24] = struct.pack("<I", claimed)
    return sealed(bytes(record) + frame)


def frame(size: int) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(b"\0" * size)


def test_a_decompression_bomb_claims_no_memory() -> None:
    records = [
        bomb(200 << 20, frame(200 << 20)),
        bomb(1000, frame(200 << 20)),
        bomb(MAX_BODY + 1, frame(64)),
        bomb(1000, zstandard.ZstdCompressor(write_content_size=False).compress(b"\0" * (64 << 20))),
        bomb(1000, frame(1000) + frame(64 << 20)),
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert [decode(record) for record in records] == [None] * len(records)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (16 << 20) // (1 if sys.platform == "darwin" else 1024)
    assert decode(bomb(1000, frame(1000))) is not None  # the shape is right, and only the claims were wrong
