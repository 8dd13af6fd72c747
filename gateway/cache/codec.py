"""Codec: Entry <-> versioned, checksummed bytes. No I/O, no clock, never pickle.

A record is a fixed header (numbers), a JSON array (texts and fields; octets as ISO 8859-1, which maps all 256), and
the body, as it is or as one zstd frame. What comes back from a store is not trusted: anything odd decodes to None,
and memory is claimed only for what the record's own length makes plausible.
"""

import math
import struct
import zlib

import orjson
import zstandard

from gateway.model.entry import Entry, EntryFlag

_MAGIC = b"rf"
_VERSION = 1
_PLAIN, _ZSTD = 0, 1

# magic, version, body coding | crc32 of all that follows | texts' length, body's length when decoded |
# status, flags, ledger version | six times in seconds.
_PREFIX = struct.Struct("<2sBBI")
_NUMBERS = struct.Struct("<IIHHQ6d")
_HEAD = _PREFIX.size + _NUMBERS.size

MAX_BODY = 1 << 28
"""Bytes; the settings allow no larger answer to be stored."""

_MAX_RATIO = 256
"""A body that shrinks by more is stored as it is, so that no record claims more than this many times its size."""

_LEVEL = 1
"""Of zstd: on JSON answers a fifth to a third faster than the default 3, and 4 % larger."""

_FLAGS = {value: EntryFlag(value) for value in range(8)}
"""All sets of flags: calling the enum costs a microsecond per hit. Others are of a later version."""

_compressor = zstandard.ZstdCompressor(level=_LEVEL)
_decompressor = zstandard.ZstdDecompressor()


def encode(entry: Entry, compress_over: int, compressor: zstandard.ZstdCompressor = _compressor) -> bytes:
    """The record of an entry; `head` is not part of it.

    compress_over: bytes; larger bodies that the upstream did not encode are compressed where that makes them
    smaller. compressor: one of the caller's own, for a thread other than the event loop's.
    """
    texts = orjson.dumps(
        [
            entry.reason.decode("latin-1"),
            entry.coding.decode("latin-1"),
            entry.route,
            entry.tags,
            [text.decode("latin-1") for pair in entry.fields for text in pair],
        ]
    )
    coding, body = _PLAIN, entry.body
    if len(body) > compress_over and not entry.coding:
        packed = compressor.compress(body)
        if len(packed) < len(body) <= len(packed) * _MAX_RATIO:
            coding, body = _ZSTD, packed
    numbers = _NUMBERS.pack(
        len(texts), len(entry.body), entry.status, entry.flags, entry.version,
        entry.stored_at, entry.fresh_until, entry.stale_while_until, entry.stale_error_until,
        entry.initial_age, entry.upstream_seconds,
    )  # fmt: skip
    crc = zlib.crc32(body, zlib.crc32(texts, zlib.crc32(numbers)))
    return b"".join((_PREFIX.pack(_MAGIC, _VERSION, coding, crc), numbers, texts, body))


def decode(record: bytes | memoryview) -> Entry | None:
    """The entry of a record, or None where it is not one of this version, whole and unaltered. Never raises."""
    try:
        return _decode(memoryview(record))
    except (ValueError, TypeError, KeyError, AttributeError, struct.error, zstandard.ZstdError, MemoryError):
        return None


def _decode(record: memoryview) -> Entry | None:
    magic, version, coding, crc = _PREFIX.unpack_from(record)
    if magic != _MAGIC or version != _VERSION or zlib.crc32(record[_PREFIX.size :]) != crc:
        return None
    texts_size, body_size, status, flags, ledger, *times = _NUMBERS.unpack_from(record, _PREFIX.size)
    if not math.isfinite(sum(times)):
        return None
    texts = orjson.loads(record[_HEAD : _HEAD + texts_size])
    body = _body(record[_HEAD + texts_size :], coding, body_size)
    if body is None:
        return None
    reason, body_coding, route, tags, lines = texts
    octets = [text.encode("latin-1") for text in lines]
    if type(route) is not str or len(octets) % 2 or _breaks_lines(octets):
        return None
    return Entry(
        status=status,
        reason=reason.encode("latin-1"),
        fields=tuple(zip(octets[::2], octets[1::2], strict=True)),
        body=body,
        coding=body_coding.encode("latin-1"),
        route=route,
        stored_at=times[0],
        fresh_until=times[1],
        stale_while_until=times[2],
        stale_error_until=times[3],
        initial_age=times[4] or 0.0,  # the constant, not one more object per entry
        tags=tuple(map(_text, tags)),
        version=ledger,
        flags=_FLAGS[flags],
        upstream_seconds=times[5],
    )


def _body(stored: memoryview, coding: int, size: int) -> bytes | None:
    if coding == _PLAIN:
        return bytes(stored) if len(stored) == size else None
    if coding != _ZSTD or size > MAX_BODY or size > len(stored) * _MAX_RATIO:
        return None
    # The decompressor believes the frame's own content size, so that is what has to be checked.
    if zstandard.frame_content_size(stored) != size:
        return None
    return _decompressor.decompress(stored, max_output_size=size, allow_extra_data=False)


def _breaks_lines(octets: list[bytes]) -> bool:
    """Whether a field could end its line and begin another: no parser lets such a field in, but a store might."""
    joined = b"".join(octets)
    return b"\n" in joined or b"\r" in joined or b"\0" in joined


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError
    return value
