"""Reuse over sockets: what a client's directives make of a stored answer (RFC 9111 sections 4.2.4, 5.2.1, 5.4)."""

import pytest

from tests.support.http_front import front, tagged
from tests.support.origin import said

MINUTE = "Cache-Control: max-age=60"

# What the client says, after so many seconds, and whether the stored answer is used as it is.
CASES = [
    pytest.param(59, (), True, id="4.2-fresh"),
    pytest.param(60, (), False, id="4.2-stale-at-the-very-end"),
    pytest.param(30, ("Cache-Control: max-age=40",), True, id="5.2.1.1-max-age-young-enough"),
    pytest.param(30, ("Cache-Control: max-age=20",), False, id="5.2.1.1-max-age-too-old"),
    pytest.param(0, ("Cache-Control: max-age=0",), False, id="5.2.1.1-max-age-0-validates"),
    pytest.param(30, ("Cache-Control: max-age=much",), False, id="5.2.1.1-max-age-unreadable-is-0"),
    pytest.param(90, ("Cache-Control: max-stale=60",), True, id="5.2.1.2-max-stale"),
    pytest.param(90, ("Cache-Control: max-stale",), True, id="5.2.1.2-max-stale-for-ever"),
    pytest.param(90, ("Cache-Control: max-stale=10",), False, id="5.2.1.2-max-stale-too-late"),
    pytest.param(90, ("Cache-Control: max-stale=60, max-age=120",), True, id="5.2.1.1-max-stale-beside-max-age"),
    pytest.param(30, ("Cache-Control: min-fresh=20",), True, id="5.2.1.3-min-fresh"),
    pytest.param(50, ("Cache-Control: min-fresh=20",), False, id="5.2.1.3-min-fresh-ends-too-soon"),
    pytest.param(0, ("Cache-Control: no-cache",), False, id="5.2.1.4-no-cache"),
    pytest.param(0, ("Cache-Control: NO-CACHE",), False, id="5.2-case-does-not-matter"),
    pytest.param(0, ("Cache-Control: no-store",), True, id="5.2.1.5-no-store-uses-what-is-there"),
    pytest.param(0, ("Cache-Control: no-transform",), True, id="5.2.1.6-no-transform"),
    pytest.param(0, ("Cache-Control: only-if-cached",), True, id="5.2.1.7-only-if-cached"),
    pytest.param(0, ("Pragma: no-cache",), False, id="5.4-pragma"),
    pytest.param(0, ("Pragma: no-cache", "Cache-Control: max-age=60"), True, id="5.4-pragma-beside-cache-control"),
    pytest.param(0, ("Cache-Control: foo=bar, x",), True, id="5.2.3-unknown-directives"),
]


@pytest.mark.parametrize(("seconds", "fields", "used"), CASES)
async def test_a_stored_answer_is_used_as_its_client_wishes(seconds: int, fields: tuple[str, ...], used: bool):
    async with front() as at:
        old = said("200 OK", MINUTE, "ETag: 1", body=b"old")  # a tag that is none: kept, and not asked for
        at.origin.answers("/a", old, said("200 OK", MINUTE, body=b"new"))
        await at.get()
        at.passes(seconds)
        got = await at.get("/a", *fields)
    assert got.body == (b"old" if used else b"new")
    assert got.hit is used


# What is not used as it is, is asked about where it has a validator.
@pytest.mark.parametrize("field", ["Cache-Control: no-cache", "Cache-Control: max-age=0", "Pragma: no-cache"])
async def test_section_4_3_a_reload_asks_whether_it_is_still_good(field: str):
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', MINUTE))
        await at.get()
        at.passes(30)
        got = await at.get("/a", field)
        at.passes(45)
        later = await at.get()
    assert (got.status, got.body) == (200, b"body")
    assert got.cache_status == "ragfront; fwd=request; fwd-status=304; stored; detail=request-no-cache"
    assert at.origin.asked[1].get(b"if-none-match") == b'"v1"'
    assert later.hit  # what has been validated is fresh again


async def test_section_5_2_1_5_what_is_asked_for_with_no_store_is_not_stored():
    async with front() as at:
        at.origin.answers("/a", said("200 OK", MINUTE))
        await at.get("/a", "Cache-Control: no-store")
        assert not (await at.get()).hit
        assert (await at.get()).hit


async def test_section_5_2_1_7_only_if_cached_is_504_where_nothing_will_do():
    async with front() as at:
        at.origin.answers("/a", said("200 OK", MINUTE))
        assert (await at.get("/a", "Cache-Control: only-if-cached")).status == 504
        await at.get()
        at.passes(61)
        got = await at.get("/a", "Cache-Control: only-if-cached")
    assert (got.status, got.get("Content-Type")) == (504, "application/problem+json")
    assert len(at.origin.asked) == 1


@pytest.mark.parametrize(
    ("said_so", "field", "used"),
    [
        pytest.param("immutable", "Cache-Control: max-age=0", True, id="8246-2-immutable-reload"),
        pytest.param("immutable", "Cache-Control: no-cache", False, id="8246-2-immutable-forced-reload"),
        pytest.param("no-cache", "Accept: */*", False, id="9111-5.2.2.4-no-cache"),
        pytest.param('no-cache="x-a"', "Accept: */*", True, id="9111-5.2.2.4-no-cache-of-a-field"),
    ],
)
async def test_what_the_answer_says_of_its_own_reuse(said_so: str, field: str, used: bool):
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', f"{MINUTE}, {said_so}"))
        await at.get()
        assert (await at.get("/a", field)).hit is used


@pytest.mark.parametrize("said_so", ["must-revalidate", "proxy-revalidate", "s-maxage=60"])
async def test_section_5_2_2_max_stale_does_not_help_where_the_answer_forbids_it(said_so: str):
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', f"{MINUTE}, {said_so}"))
        await at.get()
        at.passes(61)
        got = await at.get("/a", "Cache-Control: max-stale")
    assert not got.hit
    assert len(at.origin.asked) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("/a?x=1", "/a?x=2", False, id="9111-4-query-is-part-of-the-uri"),
        pytest.param("/a?x=1&y=2", "/a?y=2&x=1", False, id="9111-4-order-of-a-query-matters"),
        pytest.param("/a", "/a?", False, id="3986-6.2.3-an-empty-query-is-one"),
        pytest.param("/%7Ea", "/~a", True, id="3986-6.2.2.2-unreserved"),
        pytest.param("/%2fa", "/%2Fa", True, id="3986-6.2.2.1-case-of-encoding"),
        pytest.param("/%2Fa", "//a", False, id="3986-2.2-reserved-differ"),
        pytest.param("/A", "/a", False, id="3986-6.2.2.1-paths-mind-case"),
        pytest.param("/b/../a", "/a", False, id="3986-6.2.2.3-dot-segments-stay"),
        pytest.param("/a", "http://gw/a", True, id="9112-3.2.2-absolute-form"),
        pytest.param("/a", "http://GW:80/a", True, id="9110-4.2.3-host-and-port"),
        pytest.param("/a", "http://other/a", False, id="9110-4.2.3-another-host"),
    ],
)
async def test_which_targets_are_one(one: str, other: str, same: bool):
    async with front() as at:
        at.origin.answers("*", said("200 OK", MINUTE))
        await at.get(one)
        assert (await at.get(other)).hit is same
