import tracemalloc
import zlib

import pytest
import zstandard

from gateway.policy.coding import accepts, codings, decode, only_readable, preference
from tests.support.packing import packed

PLAIN = b'{"answer":"' + b"words " * 1000 + b'"}'
LIMIT = 1 << 20


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def unsized(data: bytes) -> bytes:
    """A zstd frame that does not tell its size, as streaming encoders make it."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("field", "coding", "accepted"),
    [
        (None, b"", True),
        (None, b"gzip", False),
        (b"", b"gzip", False),
        (b"gzip", b"gzip", True),
        (b"GZIP", b"x-gzip", True),
        (b"gzip, br", b"br", True),
        (b"gzip", b"zstd", False),
        (b"*", b"br", True),
        (b"*;q=0", b"br", False),
        (b"gzip;q=0, *", b"gzip", False),
        (b"gzip;q=0, *", b"br", True),
        (b"gzip;q=0", b"gzip", False),
        (b"gzip;q=0.000", b"gzip", False),
        (b"gzip;q=0.001", b"gzip", True),
        (b"gzip ; Q = 1", b"gzip", True),
        (b"gzip;q=oops", b"gzip", False),
        (b"gzip;q=", b"gzip", False),
        (b"gzip;q=-1", b"gzip", False),
        (b"gzip;q=inf", b"gzip", False),
        (b"gzip, br", b"gzip, br", True),
        (b"gzip", b"gzip, br", False),
        (b"identity;q=0", b"", False),
        (b"*;q=0", b"", False),
        (b"*;q=0, identity", b"identity", True),
        (b"gzip", b"identity", True),
        (b"*;q=0.5", b"", True),
    ],
)
def test_accepts(field: bytes | None, coding: bytes, accepted: bool) -> None:
    assert accepts(field, coding) is accepted


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        (b"", PLAIN),
        (b"identity", PLAIN),
        (b"gzip", packed(PLAIN)),
        (b"X-GZip", packed(PLAIN)),
        (b"gzip", packed(PLAIN[:9]) + packed(PLAIN[9:])),
        (b"deflate", zlib.compress(PLAIN)),
        (b"deflate", bare(PLAIN)),
        (b"zstd", zstandard.compress(PLAIN)),
        (b"zstd", unsized(PLAIN)),
        (b"deflate, gzip", packed(zlib.compress(PLAIN))),
    ],
)
def test_decodes_what_is_whole(coding: bytes, coded: bytes) -> None:
    assert decode(coded, coding, LIMIT) == PLAIN
    assert decode(coded, coding, len(PLAIN)) == PLAIN
    assert decode(coded, coding, len(PLAIN) - 1) is None


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        (b"br", b"\x0b\x02\x80abc\x03"),
        (b"gzip", b""),
        (b"deflate", b""),
        (b"zstd", b""),
        (b"gzip", PLAIN),
        (b"zstd", PLAIN),
        (b"deflate", b"\xff" * 50),
        (b"gzip", packed(PLAIN)[:-1]),
        (b"gzip", packed(PLAIN) + b"garbage"),
        (b"deflate", zlib.compress(PLAIN)[:-5]),
        (b"zstd", zstandard.compress(PLAIN)[:-1]),
        (b"zstd", unsized(PLAIN)[:-1]),
        (b"zstd", zstandard.compress(PLAIN) + b"garbage"),
        (b"gzip, br", packed(PLAIN)),
        (b"br, gzip", packed(PLAIN)),
        (b"gzip," * 5, PLAIN),
        (b"gzip", packed(b"") * 10_000),
    ],
)
def test_what_cannot_be_decoded_is_none(coding: bytes, coded: bytes) -> None:
    assert decode(coded, coding, LIMIT) is None


@pytest.mark.parametrize(
    ("coding", "bomb"),
    [
        (b"gzip", packed(bytes(64 << 20))),
        (b"deflate", zlib.compress(bytes(64 << 20))),
        (b"zstd", zstandard.compress(bytes(64 << 20))),
        (b"zstd", unsized(bytes(64 << 20))),
        (b"gzip, gzip", packed(packed(bytes(64 << 20)))),
    ],
)
def test_bombs_do_not_go_off(coding: bytes, bomb: bytes) -> None:
    tracemalloc.start()
    try:
        assert decode(bomb, coding, LIMIT) is None
        assert tracemalloc.get_traced_memory()[1] < 8 * LIMIT
    finally:
        tracemalloc.stop()


def test_a_frame_that_claims_an_enormous_size_is_not_believed() -> None:
    header = b"\x28\xb5\x2f\xfd" + b"\xe0" + (1 << 50).to_bytes(8, "little")
    assert decode(header + bytes(64), b"zstd", LIMIT) is None


@pytest.mark.parametrize(
    ("field", "preferred"),
    [
        (b"gzip, deflate, br", b"br,deflate,gzip"),
        (b"br , gzip;q=1.0,deflate;q=1.000", b"br,deflate,gzip"),
        (b"gzip;q=0.5, br", b"br>gzip"),
        (b"gzip, *;q=0", b"gzip>!*"),
        (b"x-unknown", b""),
        (b"", b""),
    ],
)
def test_preference_keeps_what_can_change_an_answer(field: bytes, preferred: bytes) -> None:
    assert preference(field) == preferred


@pytest.mark.parametrize(
    ("field", "readable"),
    [
        (b"gzip, deflate, br, zstd", b"gzip, deflate, zstd"),
        (b"br;q=1.0, GZIP;q=0.8, *;q=0.1", b"GZIP;q=0.8"),
        (b"identity;q=0, br", b"identity;q=0"),
        (b"br", b""),
    ],
)
def test_only_readable_codings_are_asked_for(field: bytes, readable: bytes) -> None:
    assert only_readable(field) == readable


@pytest.mark.parametrize(
    ("field", "listed"), [(None, ()), (b"", ()), (b"identity", ()), (b"GZIP , identity,br", (b"gzip", b"br"))]
)
def test_codings(field: bytes | None, listed: tuple[bytes, ...]) -> None:
    assert codings(field) == listed
