"""Ranges over sockets: parts of what is stored whole (RFC 9110 section 14, RFC 9111 sections 3.3 and 3.4)."""

import pytest

from tests.support.http_front import front
from tests.support.origin import said

BODY = bytes(range(256)) * 2
CHANGED = "Sun, 06 Nov 1994 08:49:37 GMT"
FIELDS = ("Cache-Control: max-age=60", 'ETag: "v1"', f"Last-Modified: {CHANGED}", "Content-Type: x/y")
WHOLE = said("200 OK", *FIELDS, body=BODY)

ONE = [
    pytest.param("bytes=0-9", 0, 9, id="9110-14.1.2-first-and-last"),
    pytest.param("bytes=500-", 500, 511, id="9110-14.1.2-from"),
    pytest.param("bytes=-5", 507, 511, id="9110-14.1.2-suffix"),
    pytest.param("bytes=-9999", 0, 511, id="9110-14.1.2-suffix-longer-than-all"),
    pytest.param("bytes=500-9999", 500, 511, id="9110-14.1.2-last-behind-the-end"),
    pytest.param("bytes=0-9,999-", 0, 9, id="9110-14.2-one-of-two-lies-behind-the-end"),
    pytest.param("BYTES=0-0", 0, 0, id="9110-14.1-units-in-any-case"),
]


@pytest.mark.parametrize(("asked", "first", "last"), ONE)
async def test_one_part(asked: str, first: int, last: int):
    async with front() as at:
        at.origin.answers("/a", WHOLE)
        await at.get()
        got = await at.get("/a", f"Range: {asked}")
    assert (got.status, got.hit) == (206, True)
    assert got.get("Content-Range") == f"bytes {first}-{last}/512"
    assert got.body == BODY[first : last + 1]
    assert (got.get("Content-Type"), got.get("ETag"), got.get("Content-Length")) == ("x/y", '"v1"', str(len(got.body)))
    assert len(at.origin.asked) == 1


async def test_9110_15_3_7_2_several_parts():
    async with front() as at:
        at.origin.answers("/a", WHOLE)
        await at.get()
        got = await at.get("/a", "Range: bytes=0-1,200-201,-1")
    kind, _, boundary = (got.get("Content-Type") or "").partition("; boundary=")
    assert (got.status, kind) == (206, "multipart/byteranges")
    parts = got.body.split(f"--{boundary}".encode())
    assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]] == [
        b"\x00\x01\r\n",
        b"\xc8\xc9\r\n",
        b"\xff\r\n",
    ]
    assert [b"Content-Range: bytes 200-201/512" in part for part in parts[1:-1]] == [False, True, False]
    assert parts[-1] == b"--\r\n"
    assert got.get("Content-Range") is None


async def test_9110_15_5_17_nothing_of_it():
    async with front() as at:
        at.origin.answers("/a", WHOLE)
        await at.get()
        got = await at.get("/a", "Range: bytes=512-")
        again = await at.get()
    assert (got.status, got.get("Content-Range"), got.body) == (416, "bytes */512", b"")
    assert (again.status, again.hit) == (200, True)


@pytest.mark.parametrize("asked", ["lines=0-1", "bytes=1-0", "bytes=a-b", "bytes=", "0-1", "bytes=0-1,0-1,0-1,0-1"])
async def test_9110_14_2_what_is_odd_gets_the_whole(asked: str):
    async with front() as at:
        at.origin.answers("/a", WHOLE)
        await at.get()
        got = await at.get("/a", f"Range: {asked}")
    assert (got.status, got.body) == (200, BODY)


@pytest.mark.parametrize(
    ("named", "status"),
    [
        pytest.param('"v1"', 206, id="9110-13.1.5-the-tag"),
        pytest.param('"v2"', 200, id="9110-13.1.5-another-tag"),
        pytest.param('W/"v1"', 200, id="9110-13.1.5-a-weak-tag"),
        pytest.param("Mon, 07 Nov 1994 08:49:37 GMT", 200, id="9110-13.1.5-another-date"),
    ],
)
async def test_if_range(named: str, status: int):
    async with front() as at:
        at.origin.answers("/a", WHOLE)
        await at.get()
        got = await at.get("/a", "Range: bytes=0-4", f"If-Range: {named}")
    assert (got.status, got.body) == (status, BODY[:5] if status == 206 else BODY)


async def test_9110_13_2_2_if_none_match_comes_before_range():
    async with front() as at:
        at.origin.answers("/a", WHOLE)
        await at.get()
        assert (await at.get("/a", "Range: bytes=0-4", 'If-None-Match: "v1"')).status == 304


async def test_9110_14_2_head_has_no_range():
    async with front() as at:
        at.origin.answers("/a", WHOLE)
        await at.get()
        got = await at.get("/a", "Range: bytes=0-4", method="HEAD")
    assert (got.status, got.get("Content-Length")) == (200, "512")


async def test_9111_3_3_a_part_that_is_not_stored_is_asked_for_and_is_not_taken_for_the_whole():
    part = said("206 Partial Content", *FIELDS, "Content-Range: bytes 0-3/512", body=BODY[:4])
    async with front() as at:
        at.origin.answers("/a", part, WHOLE)
        got = await at.get("/a", "Range: bytes=0-3")
        assert (got.status, got.body) == (206, BODY[:4])
        assert at.origin.asked[0].get(b"range") == b"bytes=0-3"
        whole = await at.get()
    assert (whole.status, whole.body, whole.hit) == (200, BODY, False)


async def test_9111_3_3_a_206_that_nobody_asked_for_is_not_stored():
    part = said("206 Partial Content", *FIELDS, "Content-Range: bytes 0-3/512", body=BODY[:4])
    async with front() as at:
        at.origin.answers("/a", part, WHOLE)
        assert (await at.get()).status == 206
        assert not (await at.get()).hit


async def test_9110_14_2_a_stale_whole_is_not_cut_up():
    async with front() as at:
        at.origin.answers("/a", WHOLE, said("206 Partial Content", "Content-Range: bytes 0-0/9", body=b"n"))
        await at.get()
        at.passes(61)
        got = await at.get("/a", "Range: bytes=0-0")
    assert (got.status, got.body, got.hit) == (206, b"n", False)
