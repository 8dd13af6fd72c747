"""Codec: Entry <-> versioned, checksummed bytes. No I/O, no clock, never pickle.

A record is a fixed header (numbers), the answer's head as it goes on the wire, coding, route, surrogate keys (JSON
where there are any), a stream's timeline, and the body, as it is or as one zstd frame. What comes back from a store is
not trusted: anything odd decodes to None, and memory is claimed only for what the record's length makes plausible.
"""

import math
import re
import struct
import zlib

import orjson
import zstandard

from gateway.model.entry import Entry, EntryFlag, Windows

_MAGIC = b"rf"
_VERSION = 4
_PLAIN, _ZSTD = 0, 1
_START = _MAGIC + bytes([_VERSION])

# magic, version, body coding | crc32 of all that follows | sizes of head, tags and timeline, of the body when
# decoded, of coding and route | flags, ledger version | seven times in seconds.
_PREFIX = struct.Struct("<2sBBI")
_NUMBERS = struct.Struct("<IIIIHHIQ7d")
_HEADER = struct.Struct(_PREFIX.format + _NUMBERS.format[1:])

MAX_BODY = 1 << 28
"""Bytes; the settings allow no larger answer to be stored."""

_MAX_RATIO = 256
"""A body that shrinks by more is stored as it is, so that no record claims more than this many times its size."""

_LEVEL = 1
"""Of zstd: on JSON answers a fifth to a third faster than the default 3, and 4 % larger."""

_FLAGS = EntryFlag.EMPTY | EntryFlag.STREAM | EntryFlag.VARY
"""Others are of a later version."""

_HEAD = re.compile(rb"HTTP/1\.1 \d{3} [^\r\n\0]*\r\n(?:[^\r\n\0:]*+: [^\r\n\0]*+\r\n)*+")
"""No parser lets a field in that ends its line and begins another, or the head: but a store might."""

_compressor = zstandard.ZstdCompressor(level=_LEVEL)
_decompressor = zstandard.ZstdDecompressor()


def encode(entry: Entry, compress_over: int, compressor: zstandard.ZstdCompressor = _compressor) -> bytes:
    """The record of an entry.

    compress_over: bytes; larger bodies that the upstream did not encode are compressed where that makes them
    smaller. compressor: one of the caller's own, for a thread other than the event loop's.
    """
    route = entry.route.encode()
    tags = orjson.dumps(entry.tags) if entry.tags else b""
    packing, body = _PLAIN, entry.body
    if len(body) > compress_over and not entry.coding:
        packed = compressor.compress(body)
        if len(packed) < len(body) <= len(packed) * _MAX_RATIO:
            packing, body = _ZSTD, packed
    numbers = _NUMBERS.pack(
        len(entry.head), len(tags), len(entry.timeline), len(entry.body), len(entry.coding), len(route),
        entry.flags, entry.version,
        entry.fresh_until, entry.fresh_for, *entry.stale,
        entry.initial_age, entry.upstream_seconds,
    )  # fmt: skip
    start = b"".join((numbers, entry.head, entry.coding, route, tags, entry.timeline))
    crc = zlib.crc32(body, zlib.crc32(start))
    return b"".join((_PREFIX.pack(_MAGIC, _VERSION, packing, crc), start, body))


def decode(record: bytes | memoryview) -> Entry | None:
    """The entry of a record, or None where it is not one of this version, whole and unaltered. Never raises."""
    try:
        return _decode(memoryview(record))
    except (ValueError, TypeError, KeyError, struct.error, zstandard.ZstdError, MemoryError):
        return None


def is_record_of(record: bytes, entry: Entry) -> bool:
    """Whether this is the record of an entry that was stored under the same key and is at hand: no need to decode it.

    The moment at which it ends is a fraction of a second that two answers to one question share only where they are
    one, and what it is made of has the same sizes. What the record's body is does not matter: the one at hand is used.
    """
    if len(record) < _HEADER.size or record[:3] != _START:
        return False
    numbers = _NUMBERS.unpack_from(record, _PREFIX.size)
    same: bool = (
        numbers[8] == entry.fresh_until
        and numbers[9] == entry.fresh_for
        and numbers[7] == entry.version
        and numbers[6] == entry.flags
        and numbers[0] == len(entry.head)
        and numbers[3] == len(entry.body)
    )
    return same


def _decode(record: memoryview) -> Entry | None:
    (
        magic, version, packing, crc,
        head_size, tags_size, timeline_size, body_size, coding_size, route_size, flags, ledger,
        fresh_until, fresh_for, stale_while, stale_error, validated, initial_age, upstream_seconds,
    ) = _HEADER.unpack_from(record)  # fmt: skip
    if magic != _MAGIC or version != _VERSION or flags & ~_FLAGS or zlib.crc32(record[_PREFIX.size :]) != crc:
        return None
    if not math.isfinite(
        fresh_until + fresh_for + stale_while + stale_error + validated + initial_age + upstream_seconds
    ):
        return None
    coding_at = _HEADER.size + head_size
    route_at = coding_at + coding_size
    tags_at = route_at + route_size
    timeline_at = tags_at + tags_size
    body_at = timeline_at + timeline_size
    head = bytes(record[_HEADER.size : coding_at])
    body = _body(record[body_at:], packing, body_size)
    if body is None or body_at > len(record) or _HEAD.fullmatch(head) is None:
        return None
    return Entry(
        head,
        body,
        bytes(record[coding_at:route_at]),
        str(record[route_at:tags_at], "utf-8"),
        fresh_until,
        fresh_for,
        Windows(stale_while, stale_error, validated),
        initial_age or 0.0,  # the constant, not one more object per entry
        tuple(map(_text, orjson.loads(record[tags_at:timeline_at]))) if tags_size else (),
        ledger,
        flags,
        upstream_seconds,
        bytes(record[timeline_at:body_at]) if timeline_size else b"",
    )


def _body(stored: memoryview, packing: int, size: int) -> bytes | None:
    if packing == _PLAIN:
        return bytes(stored) if len(stored) == size else None
    if packing != _ZSTD or size > MAX_BODY or size > len(stored) * _MAX_RATIO:
        return None
    # The decompressor believes the frame's own content size, so that is what has to be checked.
    if zstandard.frame_content_size(stored) != size:
        return None
    return _decompressor.decompress(stored, max_output_size=size, allow_extra_data=False)


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError
    return value
