"""Filter file: a Bloom filter on disk, with a header of its own. Raw bits, never pickle; whole or not at all.

    magic 8 | header 72, its CRC-32 4 | SHA-256 of header and bits 32 | bits

A file is written beside its place and put there whole. What cannot be trusted is refused: not ours, cut short,
changed, of another kind or version, or holding nothing.
"""

import hashlib
import math
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Literal, cast

from bitarray import bitarray
from pybloom_live import BloomFilter

from gateway.model.errors import RagfrontError
from gateway.policy import vocabulary

Kind = Literal["known", "vocabulary"]

VERSION = 1
_MAGIC = b"\x89RAGFBF\n"
_HEADER = struct.Struct("<HHHH8xdQQQQQQ")  # version, kind, tokenizing, 0, error rate, capacity, count, slices, ...
_CRC = struct.Struct("<I")
_BODY = len(_MAGIC) + _HEADER.size + _CRC.size + hashlib.sha256().digest_size
_KINDS: dict[Kind, int] = {"known": 1, "vocabulary": 2}
_NAMES = {number: kind for kind, number in _KINDS.items()}
_CHUNK = 4 << 20
_FLOOR = 32_768  # pybloom-live draws positions in less than 2^15 bits from 16: they would not be evenly spread


class FilterError(RagfrontError):
    """A filter's file cannot be used. The text says why, in a line without the file's name."""


class Overfull(FilterError):
    """More is to go in than the capacity that it was made for."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself. error_rate: at capacity. made: Unix seconds. bits: bytes of them."""

    kind: Kind
    tokenizing: int
    error_rate: float
    capacity: int
    count: int
    slices: int
    bits_per_slice: int
    made: int
    bits: int


class Filter:
    """A filter in memory. `in` may be wrong for what was never added, never for what was."""

    __slots__ = ("_bloom", "capacity", "error_rate", "kind", "made", "tokenizing")

    def __init__(self, kind: Kind, capacity: int, error_rate: float, bloom: BloomFilter | None = None) -> None:
        self.kind = kind
        self.capacity = capacity
        self.error_rate = error_rate
        self.tokenizing = vocabulary.VERSION if kind == "vocabulary" else 0
        self.made = int(time.time())
        self._bloom = bloom if bloom is not None else BloomFilter(max(capacity, _FLOOR), error_rate)

    def __contains__(self, text: str) -> bool:
        return text in self._bloom

    def __len__(self) -> int:
        return int(self._bloom.count)

    @property
    def size(self) -> int:
        """Bytes of its bits."""
        return (len(self._bloom.bitarray) + 7) // 8

    @property
    def expected_rate(self) -> float:
        """The share of strangers that are taken for known, as full as it is now."""
        bloom = self._bloom
        if not bloom.count:
            return 0.0
        return float((1 - math.exp(-bloom.count / bloom.bits_per_slice)) ** bloom.num_slices)

    def add(self, text: str) -> bool:
        """Put it in; False where it was in already. Overfull where that would break the error rate."""
        if self._bloom.count >= self.capacity and text not in self._bloom:
            raise Overfull(f"overfull: more than its capacity of {self.capacity:,}; state a larger --capacity")
        return not self._bloom.add(text)

    def header(self) -> Header:
        """What its file says of it."""
        bloom = self._bloom
        return Header(
            self.kind, self.tokenizing, self.error_rate, self.capacity, len(self),
            bloom.num_slices, bloom.bits_per_slice, self.made, self.size,
        )  # fmt: skip

    def _pieces(self) -> Iterable[bytes]:
        bits = self._bloom.bitarray
        for start in range(0, len(bits), 8 * _CHUNK):
            yield bits[start : start + 8 * _CHUNK].tobytes()


def save(filter: Filter, path: str) -> None:
    """Write it whole, or leave what was there. OSError where the folder cannot be written to."""
    h = filter.header()
    packed = _HEADER.pack(
        VERSION, _KINDS[h.kind], h.tokenizing, 0, h.error_rate, h.capacity, h.count,
        h.slices, h.bits_per_slice, h.made, h.bits,
    )  # fmt: skip
    digest = hashlib.sha256(packed)
    with _beside(path) as file:
        file.seek(_BODY)
        for piece in filter._pieces():
            digest.update(piece)
            file.write(piece)
        file.seek(0)
        file.write(_MAGIC + packed + _CRC.pack(zlib.crc32(packed)) + digest.digest())


def put(data: bytes, path: str, kind: Kind, at: int) -> None:
    """Write a whole file's bytes, checked first, as of a moment (Unix milliseconds). FilterError, OSError."""
    with _beside(path, at) as file:
        file.write(data)
        file.seek(0)
        _load(file, kind)


@contextmanager
def _beside(path: str, at: int | None = None) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once it is whole; else what was there stays. at: its time."""
    file = tempfile.NamedTemporaryFile(dir=os.path.dirname(path) or ".", prefix=".bloom-", delete=False)  # noqa: SIM115
    try:
        with file:
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(file.name, 0o666 & ~umask)  # the gateway may run as another user than its builder
        if at is not None:
            os.utime(file.name, ns=(at * 1_000_000, at * 1_000_000))
        os.replace(file.name, path)
    except BaseException:
        os.unlink(file.name)
        raise


def load(path: str, kind: Kind | None = None) -> Filter:
    """A file's filter, checked to the last bit. FilterError where it cannot be used as a `kind`."""
    try:
        with open(path, "rb") as file:
            return _load(file, kind)
    except OSError as exc:
        raise FilterError(f"cannot be read: {exc.strerror or exc}") from exc


def _load(file: BinaryIO, kind: Kind | None) -> Filter:
    h, digest, expected = _read_header(file)
    if kind is not None and h.kind != kind:
        raise FilterError(f"a filter of kind {h.kind}; expected one built with --{kind}")
    if h.kind == "vocabulary" and h.tokenizing != vocabulary.VERSION:
        raise FilterError("its terms were told apart by another version of ragfront; expected it to be built anew")
    if h.count == 0:
        raise FilterError("it holds nothing, and would reject every request")
    bits = bitarray(endian="little")
    while piece := file.read(_CHUNK):
        digest.update(piece)
        bits.frombytes(piece)
    if digest.digest() != expected:
        raise FilterError("corrupt: its checksum does not fit")
    del bits[h.slices * h.bits_per_slice :]
    bloom = BloomFilter(1, h.error_rate)
    # As BloomFilter.fromfile does it, which has no checksum of what it reads.
    bloom._setup(h.error_rate, h.slices, h.bits_per_slice, h.capacity, h.count)
    bloom.bitarray = bits
    found = Filter(h.kind, h.capacity, h.error_rate, bloom)
    found.tokenizing, found.made = h.tokenizing, h.made
    return found


def _read_header(file: BinaryIO) -> tuple[Header, "hashlib._Hash", bytes]:
    """The header, the digest as far as it goes, and what it must be in the end."""
    head = file.read(_BODY)
    if not head.startswith(_MAGIC):
        raise FilterError("not a filter of ragfront's" if head else "an empty file")
    packed = head[len(_MAGIC) : len(_MAGIC) + _HEADER.size]
    after = len(_MAGIC) + _HEADER.size
    if len(head) < _BODY:
        raise FilterError("cut short")
    if _CRC.unpack(head[after : after + _CRC.size])[0] != zlib.crc32(packed):
        raise FilterError("corrupt: its header's checksum does not fit")
    version, number, tokenizing, _, rate, capacity, count, slices, per_slice, made, bits = _HEADER.unpack(packed)
    if version != VERSION or number not in _NAMES:
        raise FilterError(f"of version {version}; this ragfront reads version {VERSION}: expected it to be built anew")
    size = os.fstat(file.fileno()).st_size - _BODY
    if size < bits:
        raise FilterError("cut short")
    # A file with our checksum may still be a hand-made one: what would make us compute for ever is refused.
    if size != bits or bits != (slices * per_slice + 7) // 8 or not (0 < rate < 1 and 0 < slices <= 128 and per_slice):
        raise FilterError("corrupt: its figures do not fit together")
    header = Header(_NAMES[number], tokenizing, rate, capacity, count, slices, per_slice, made, bits)
    return header, hashlib.sha256(packed), head[-hashlib.sha256().digest_size :]
