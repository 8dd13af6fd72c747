"""HEAD over sockets: answered from what GET has brought, and what its answers say of that (RFC 9111 section 4.3.5)."""

import pytest

from tests.support.http_front import front, tagged
from tests.support.origin import said

MINUTE = "Cache-Control: max-age=60"


async def test_9111_4_head_is_answered_from_a_stored_get():
    async with front() as at:
        at.origin.answers("/a", said("200 OK", MINUTE, "X-A: 1", body=b"four"))
        whole = await at.get()
        got = await at.get(method="HEAD")
    assert (got.status, got.hit, got.body) == (200, True, b"")
    assert (got.get("Content-Length"), got.get("X-A")) == (whole.get("Content-Length"), "1")
    assert len(at.origin.asked) == 1


async def test_9110_9_3_2_head_of_an_error_is_told_the_same_status():
    async with front() as at:
        at.origin.answers("/a", said("404 Not Found", MINUTE, body=b"none"))
        await at.get()
        got = await at.get(method="HEAD")
    assert (got.status, got.hit, got.get("Content-Length")) == (404, True, "4")


async def test_9111_4_an_answer_to_head_does_not_answer_get():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', MINUTE))
        first = await at.get(method="HEAD")
        assert (first.status, first.cache_status) == (200, "ragfront; fwd=uri-miss")
        assert (await at.get()).body == b"body"


# The answer to a HEAD that had to be asked for, and whether the stored answer to GET is still used after it.
TOLD = [
    pytest.param(('ETag: "v1"', "Content-Length: 4"), True, id="9111-4.3.5-the-same-tag"),
    pytest.param(('ETag: "v2"', "Content-Length: 4"), False, id="9111-4.3.5-another-tag"),
    pytest.param(("Content-Length: 5",), False, id="9111-4.3.5-another-length"),
    pytest.param(("Content-Length: 4",), True, id="9111-4.3.5-the-same-length"),
]


@pytest.mark.parametrize(("fields", "used"), TOLD)
async def test_what_head_says_of_a_stored_get(fields: tuple[str, ...], used: bool):
    async with front() as at:
        at.origin.answers(
            "/a",
            said("200 OK", MINUTE, 'ETag: "v1"'),
            said("200 OK", "Cache-Control: max-age=99", *fields, body=None),
            said("200 OK", MINUTE, body=b"other"),
        )
        await at.get()
        at.passes(30)
        assert not (await at.get("/a", "Cache-Control: no-cache", method="HEAD")).hit
        at.passes(40)  # fresh by what HEAD has said, no more by what GET had
        got = await at.get()
    assert (got.hit, got.body) == ((True, b"body") if used else (False, b"other"))


async def test_9111_4_3_5_an_error_to_head_says_nothing_of_what_is_stored():
    async with front() as at:
        at.origin.answers("/a", said("200 OK", MINUTE), said("500 No", body=None))
        await at.get()
        await at.get("/a", "Cache-Control: no-cache", method="HEAD")
        assert (await at.get()).hit


async def test_9111_4_1_head_freshens_the_variant_that_it_fits():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', MINUTE, "Vary: Accept"))
        for name in ("a/a", "b/b"):
            await at.get("/a", f"Accept: {name}")
        at.passes(30)
        await at.get("/a", "Accept: a/a", "Cache-Control: no-cache", method="HEAD")
        at.passes(40)
        assert (await at.get("/a", "Accept: a/a")).hit
        assert not (await at.get("/a", "Accept: b/b")).hit
