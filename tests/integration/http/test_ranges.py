"""Ranges over sockets: parts of what is stored whole (RFC 9110 section 14, RFC 9111 sections 3.3 and 3.4)."""

import pytest

from tests.support.http_front import front
from tests.support.origin import RESET, said

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


def part(first: int, last: int, *fields: str, tag: str = '"v1"', body: bytes = BODY) -> bytes:
    told = (
        "Cache-Control: max-age=60",
        f"ETag: {tag}",
        f"Content-Range: bytes {first}-{last}/512",
        "Content-Type: x/y",
    )
    return said("206 Partial Content", *told, *fields, body=body[first : last + 1])


async def test_9111_3_4_a_part_that_came_serves_those_that_lie_in_it():
    async with front() as at:
        at.origin.answers("/a", part(0, 99), said("500 No"))
        first = await at.get("/a", "Range: bytes=0-99")
        again = await at.get("/a", "Range: bytes=10-19")
        beyond = await at.get("/a", "Range: bytes=90-109")
    assert (first.status, first.body, first.cache_status) == (206, BODY[:100], "ragfront; fwd=uri-miss; stored")
    assert (again.status, again.hit, again.body) == (206, True, BODY[10:20])
    assert (again.get("Content-Range"), again.get("Content-Type")) == ("bytes 10-19/512", "x/y")
    assert beyond.status == 500


async def test_9111_3_4_parts_are_put_together_and_make_the_whole():
    async with front() as at:
        at.origin.answers("/a", part(0, 199), part(300, 511), part(150, 349), said("500 No"))
        for asked in ("0-199", "300-511"):
            await at.get("/a", f"Range: bytes={asked}")
        assert (await at.get("/a", "Range: bytes=400-")).body == BODY[400:]
        await at.get("/a", "Range: bytes=150-349")
        whole = await at.get()
        cut = await at.get("/a", "Range: bytes=100-399")
    assert (whole.status, whole.hit, whole.body) == (200, True, BODY)
    assert (whole.get("Content-Range"), whole.get("Content-Length"), whole.get("ETag")) == (None, "512", '"v1"')
    assert (cut.status, cut.body) == (206, BODY[100:400])
    assert len(at.origin.asked) == 3


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(part(100, 511, tag='"v2"'), id="9111-3.4-another-tag"),
        pytest.param(part(50, 511, body=BODY[::-1]), id="9111-3.4-other-bytes"),
    ],
)
async def test_what_belongs_to_another_representation_takes_the_old_part_s_place(second: bytes):
    async with front() as at:
        at.origin.answers("/a", part(0, 99), second, said("500 No"))
        await at.get("/a", "Range: bytes=0-99")
        await at.get("/a", "Range: bytes=100-511")
        assert (await at.get("/a", "Range: bytes=0-9")).status == 500
        assert (await at.get("/a", "Range: bytes=200-209")).status == 206


NOT_KEPT = [
    pytest.param(part(0, 99, tag='W/"v1"'), (), id="9111-3.4-a-weak-tag"),
    pytest.param(part(0, 99, "Vary: Accept"), (), id="9111-4.1-what-varies"),
    pytest.param(part(0, 99, "Set-Cookie: a=1"), (), id="9111-7.3-cookies"),
    pytest.param(part(0, 99).replace(b"max-age=60", b"private   "), (), id="9111-5.2.2.7-private"),
    pytest.param(part(0, 99).replace(b"max-age=60", b"no-store  "), (), id="9111-5.2.2.5-no-store"),
    pytest.param(part(0, 99), ("Authorization: Bearer a",), id="9111-3.5-credentials"),
    pytest.param(part(0, 99), ("Cache-Control: no-store",), id="9111-5.2.1.5-no-store"),
    pytest.param(part(0, 99).replace(b"0-99/512", b"0-98/512"), (), id="9110-14.4-a-lie"),
]


@pytest.mark.parametrize(("answer", "fields"), NOT_KEPT)
async def test_what_may_not_be_kept_is_passed_on_only(answer: bytes, fields: tuple[str, ...]):
    async with front() as at:
        at.origin.answers("/a", answer, said("500 No"))
        got = await at.get("/a", "Range: bytes=0-99", *fields)
        assert (got.status, got.body) == (206, BODY[:100])
        assert (await at.get("/a", "Range: bytes=0-9", *fields)).status == 500
        assert (await at.get("/a", "Range: bytes=0-9")).status == 500


async def test_9111_3_4_parts_are_served_while_they_are_fresh_and_to_whom_they_fit():
    async with front() as at:
        at.origin.answers("/a", part(0, 99), said("500 No"))
        await at.get("/a", "Range: bytes=0-99")
        asked = ("Range: bytes=0-9",)
        assert (await at.get("/a", *asked, 'If-Range: "v1"')).status == 206
        assert (await at.get("/a", *asked, 'If-Range: "v2"')).status == 500
        assert (await at.get("/a", *asked, "Cache-Control: no-cache")).status == 500
        assert (await at.get("/a", "Range: bytes=0-9,50-59")).status == 206  # near enough to be one
        at.passes(61)
        assert (await at.get("/a", *asked)).status == 500


async def test_9111_4_4_parts_of_what_is_void_are_void():
    async with front() as at:
        at.origin.answers("/a", part(0, 99), said("204 No Content", body=None), said("500 No"))
        await at.get("/a", "Range: bytes=0-99")
        await at.get("/a", method="DELETE")
        assert (await at.get("/a", "Range: bytes=0-9")).status == 500


async def test_a_part_that_breaks_off_is_an_error_and_is_not_kept():
    async with front() as at:
        at.origin.answers("/a", part(0, 99)[:-20] + RESET, said("500 No"))
        assert (await at.get("/a", "Range: bytes=0-99")).status == 502
        assert (await at.get("/a", "Range: bytes=0-9")).status == 500


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
