"""Parts: bytes that are asked for one by one, and a service that bears one tag on each of its codings."""

from tests.support.http_cache import http_cache
from tests.support.origin import said
from tests.support.upstream import Asked, Wire

FRESH = ("Cache-Control: max-age=60", 'ETag: "1"')


async def pieces(asked: Asked, wire: Wire) -> None:
    """Parts of six bytes, coded for those who take it, under one tag and without Vary."""
    coded = b"gzip" in (asked.get(b"accept-encoding") or b"")
    first, last = (int(offset) for offset in (asked.get(b"range") or b"").removeprefix(b"bytes=").split(b"-"))
    coding = ("Content-Encoding: gzip",) if coded else ()
    body = (b"GGGGGG" if coded else b"plain.")[first : last + 1]
    await wire.send(said("206 Partial Content", *FRESH, *coding, f"Content-Range: bytes {first}-{last}/6", body=body))


async def test_a_part_is_not_given_to_who_cannot_decode_it():
    async with http_cache() as cache:
        cache.origin.answers("/a", pieces)
        await cache.get("/a", "Range: bytes=0-2", "Accept-Encoding: gzip")
        assert (await cache.get("/a", "Range: bytes=0-2")).body == b"pla"


async def test_parts_of_two_codings_are_not_put_together():
    async with http_cache() as cache:
        cache.origin.answers("/a", pieces)
        await cache.get("/a", "Range: bytes=0-2", "Accept-Encoding: gzip")
        await cache.get("/a", "Range: bytes=3-5")
        assert (await cache.get("/a", "Range: bytes=0-5")).body == b"plain."


async def test_single_bytes_do_not_make_the_record_grow_for_ever():
    async def one_byte(asked: Asked, wire: Wire) -> None:
        first = int((asked.get(b"range") or b"").removeprefix(b"bytes=").partition(b"-")[0])
        await wire.send(said("206 Partial Content", *FRESH, f"Content-Range: bytes {first}-{first}/9999", body=b"x"))

    async with http_cache() as cache:
        cache.origin.answers("/a", one_byte)
        for first in range(0, 600, 2):
            await cache.get("/a", f"Range: bytes={first}-{first}")
        assert cache.front.gateway.worker._tiers.stats().memory.bytes < 2000
