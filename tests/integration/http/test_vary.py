"""Vary over sockets: who gets which of the stored answers to one URI (RFC 9111 section 4.1)."""

import pytest

from tests.support.http_front import echoing, front
from tests.support.origin import date, said

MINUTE = "Cache-Control: max-age=60"

# What two clients say on the field that the answer varies on, and whether they are alike.
PAIRS = [
    pytest.param("Accept", "text/html", "text/html", True, id="9111-4.1-the-same"),
    pytest.param("Accept", "text/html", "text/plain", False, id="9111-4.1-another"),
    pytest.param("Accept", "text/html", None, False, id="9111-4.1-absent-in-one"),
    pytest.param("Accept", None, None, True, id="9111-4.1-absent-in-both"),
    pytest.param("Accept", "", None, False, id="9111-4.1-empty-is-not-absent"),
    pytest.param("Accept-Encoding", "gzip, br", "br,gzip", True, id="9110-12.5.3-order-and-spaces"),
    pytest.param("Accept-Encoding", "gzip;q=1.0", "GZIP", True, id="9110-12.4.2-a-weight-of-1"),
    pytest.param("Accept-Encoding", "gzip;q=0.5", "gzip", False, id="9110-12.4.2-weights"),
    pytest.param("Accept-Language", "de, en", "en, de", False, id="9110-12.5.4-order-is-kept"),
    pytest.param("X-Mode", "a", "A", False, id="9111-4.1-unknown-fields-mind-case"),
    pytest.param("X-Mode", "a ", "a", True, id="9110-5.5-white-space-around"),
]


@pytest.mark.parametrize(("name", "one", "other", "same"), PAIRS)
async def test_who_is_alike_gets_what_is_stored(name: str, one: str | None, other: str | None, same: bool):
    async with front() as at:
        at.origin.answers("/a", echoing(name, MINUTE, f"Vary: {name}"))
        for value in (one, other):
            got = await at.get("/a", *(() if value is None else (f"{name}: {value}",)))
    assert got.hit is same


async def test_9111_4_1_several_fields_all_have_to_match():
    async with front() as at:
        at.origin.answers("/a", echoing("X-A", MINUTE, "Vary: X-A, X-B", "Vary: x-c"))
        await at.get("/a", "X-A: 1", "X-B: 2", "X-C: 3")
        assert not (await at.get("/a", "X-A: 1", "X-B: 2")).hit
        assert not (await at.get("/a", "X-A: 1", "X-B: 2", "X-C: 4")).hit
        assert (await at.get("/a", "X-D: 9", "X-C: 3", "X-B: 2", "X-A: 1")).hit


async def test_9110_5_3_lines_of_one_field_are_one_list():
    async with front() as at:
        at.origin.answers("/a", echoing("X-A", MINUTE, "Vary: X-A"))
        await at.get("/a", "X-A: 1", "X-A: 2")
        assert (await at.get("/a", "X-A: 1, 2")).hit


@pytest.mark.parametrize("vary", ["*", "Accept, *", "*, Accept"])
async def test_9111_4_1_an_asterisk_fits_nobody(vary: str):
    async with front() as at:
        at.origin.answers("/a", said("200 OK", MINUTE, f"Vary: {vary}"))
        await at.get()
        assert not (await at.get()).hit


async def test_9111_4_1_each_variant_is_stored_beside_the_others():
    async with front() as at:
        at.origin.answers("/a", echoing("Accept-Language", MINUTE, "Vary: Accept-Language"))
        for expected in (False, True):
            for language in ("de", "en", "fr"):
                got = await at.get("/a", f"Accept-Language: {language}")
                assert (got.hit, got.body) == (expected, language.encode())
        none = await at.get()
    assert (none.hit, none.body) == (False, b"-")
    assert none.cache_status == "ragfront; fwd=vary-miss; stored; detail=vary-miss"


async def test_9111_4_1_an_answer_that_has_left_vary_out_is_not_everybody_s():
    async with front() as at:
        at.origin.answers(
            "/a",
            said("200 OK", MINUTE, "Vary: Accept", body=b"html"),
            said("200 OK", MINUTE, body=b"plain"),
            said("200 OK", MINUTE, "Vary: Accept", body=b"json"),
        )
        await at.get("/a", "Accept: text/html")
        await at.get("/a", "Accept: text/plain")
        assert (await at.get("/a", "Accept: application/json")).body == b"json"
        assert (await at.get("/a", "Accept: text/plain")).body == b"plain"
        assert (await at.get("/a", "Accept: text/html")).body == b"html"


async def test_9111_4_1_of_several_that_fit_the_latest_is_used():
    async with front() as at:
        now = at.clock.now
        at.origin.answers(
            "/a",
            said("200 OK", MINUTE, "Vary: X-A", f"Date: {date(now - 5)}", body=b"first"),
            said("200 OK", MINUTE, "Vary: X-B", f"Date: {date(now)}", body=b"second"),
        )
        await at.get("/a", "X-A: 1", "X-B: 1")
        await at.get("/a", "X-A: 2", "X-B: 1")
        got = await at.get("/a", "X-A: 1", "X-B: 1")
        other = await at.get("/a", "X-A: 1", "X-B: 2")
    assert (got.hit, got.body) == (True, b"second")
    assert (other.hit, other.body) == (True, b"first")


async def test_9111_4_1_a_client_that_invents_values_does_not_end_the_others_variants():
    async with front() as at:
        at.origin.answers("/a", echoing("X-A", MINUTE, "Vary: X-A"))
        for number in range(31):
            await at.get("/a", f"X-A: {number}")
        assert (await at.get("/a", "X-A: 0")).hit


async def test_fetch_3_2_what_is_allowed_to_one_origin_is_not_given_to_another():
    async with front() as at:
        at.origin.answers("/a", echoing("Origin", MINUTE, "Access-Control-Allow-Origin: https://one.example"))
        await at.get("/a", "Origin: https://one.example")
        assert not (await at.get("/a", "Origin: https://two.example")).hit
        assert (await at.get("/a", "Origin: https://one.example")).hit
