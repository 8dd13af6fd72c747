"""Stale answers over sockets: when they are served, and when not (RFC 9111 section 4.2.4, RFC 5861)."""

import asyncio
import re
from typing import Any

import pytest

from tests.support.eventually import eventually
from tests.support.http_front import front, tagged
from tests.support.origin import RESET, held, said
from tests.support.upstream import Asked, Wire

TAG = 'ETag: "v1"'


async def hangs(asked: Asked, wire: Wire) -> None:
    await wire.reader.read(1)


FAILURES: list[Any] = [
    *(pytest.param(said(f"{code} No"), id=f"5861-4-{code}") for code in (500, 502, 503, 504)),
    pytest.param(RESET, id="5861-4-reset"),
    pytest.param(said("200 OK", "Cache-Control: max-age=10", length=9) + RESET, id="5861-4-broken-off"),
    pytest.param(hangs, id="5861-4-time-out"),
    pytest.param(b"nonsense\r\n\r\n", id="5861-4-no-http"),
]


@pytest.mark.parametrize("failure", FAILURES)
async def test_stale_if_error_stands_in_for_a_failure(failure: Any):
    async with front(timeouts={"first_byte": "100ms"}) as at:
        at.origin.answers("/a", said("200 OK", "Cache-Control: max-age=10, stale-if-error=60", TAG), failure)
        await at.get()
        at.passes(30)
        got = await at.get()
        at.passes(60)
        late = await at.get()
    assert (got.status, got.body) == (200, b"body")
    assert re.fullmatch("ragfront; hit; ttl=-2[01]; detail=upstream-[a-z]+", got.cache_status)
    assert (got.get("Age"), got.get("Warning")) == ("30", None)
    assert late.status >= 500


async def test_5861_4_stale_if_error_stands_in_where_nobody_listens():
    async with front() as at:
        at.origin.answers("/a", said("200 OK", "Cache-Control: max-age=10, stale-if-error=60", TAG))
        await at.get()
        await at.origin.stop()
        at.passes(30)
        got = await at.get()
        at.passes(60)
        late = await at.get()
        await at.origin.start()
    assert (got.status, got.body) == (200, b"body")
    assert late.status >= 500


async def test_5861_4_a_client_may_allow_it():
    async with front() as at:
        at.origin.answers("/a", said("200 OK", "Cache-Control: max-age=10", TAG), said("503 No"))
        await at.get()
        at.passes(30)
        assert (await at.get("/a", "Cache-Control: stale-if-error=60")).status == 200
        assert (await at.get("/a", "Cache-Control: stale-if-error=10")).status == 503
        assert (await at.get()).status == 503


@pytest.mark.parametrize("failure", [said("404 Not Found"), said("403 Forbidden"), said("501 No")])
async def test_5861_4_other_errors_are_the_answer(failure: bytes):
    async with front() as at:
        at.origin.answers("/a", said("200 OK", "Cache-Control: max-age=10, stale-if-error=60", TAG), failure)
        await at.get()
        at.passes(30)
        assert (await at.get()).status == int(failure[9:12])


@pytest.mark.parametrize(
    "directives",
    [
        pytest.param("max-age=10, must-revalidate, stale-if-error=60", id="9111-5.2.2.2-must-revalidate"),
        pytest.param("max-age=10, proxy-revalidate, stale-if-error=60", id="9111-5.2.2.8-proxy-revalidate"),
        pytest.param("s-maxage=10", id="9111-5.2.2.10-s-maxage"),
        pytest.param("no-cache, stale-if-error=60", id="9111-5.2.2.4-no-cache"),
    ],
)
async def test_what_must_be_validated_is_504_where_nobody_answers(directives: str):
    async with front() as at:
        at.origin.answers("/a", said("200 OK", f"Cache-Control: {directives}", TAG), RESET)
        await at.get()
        at.passes(30)
        got = await at.get("/a")
    assert (got.status, got.get("Content-Type")) == (504, "application/problem+json")


async def test_9111_4_3_3_an_error_of_the_origin_that_nothing_stands_in_for_is_passed_on_and_ends_nothing():
    async with front() as at:
        answer = tagged('"v1"', "Cache-Control: max-age=10, must-revalidate")
        at.origin.answers("/a", answer, said("503 No", body=b"why"), answer)
        await at.get()
        at.passes(30)
        got = await at.get()
        again = await at.get()
    assert (got.status, got.body) == (503, b"why")
    assert again.cache_status == "ragfront; fwd=stale; fwd-status=304; stored; detail=stale"


async def test_5861_3_stale_while_revalidate_is_served_at_once_and_renewed_behind():
    gate = asyncio.Event()
    fields = ("Cache-Control: max-age=10, stale-while-revalidate=60",)
    async with front() as at:
        at.origin.answers("/a", said("200 OK", *fields, body=b"old"), held(gate, said("200 OK", *fields, body=b"new")))
        await at.get()
        at.passes(30)
        for _ in range(5):
            got = await at.get()
            assert got.body == b"old"
            assert re.fullmatch("ragfront; hit; ttl=-2[01]; detail=revalidating", got.cache_status)
        assert len(at.origin.asked) == 2
        gate.set()
        await eventually(lambda: not at.gateway.worker._pipeline.flights._flights)
        got = await at.get()
        assert (got.body, got.hit) == (b"new", True)


async def test_5861_3_behind_its_window_nobody_gets_it():
    async with front() as at:
        at.origin.answers("/a", said("200 OK", "Cache-Control: max-age=10, stale-while-revalidate=20"), said(body=b"n"))
        await at.get()
        at.passes(31)
        assert (await at.get()).body == b"n"


async def test_5861_3_it_is_renewed_by_a_validation_where_there_is_a_validator():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', "Cache-Control: max-age=10, stale-while-revalidate=60"))
        await at.get()
        at.passes(30)
        await at.get()
        await eventually(lambda: not at.gateway.worker._pipeline.flights._flights)
        assert at.origin.asked[1].get(b"if-none-match") == b'"v1"'
        assert (await at.get()).cache_status.startswith("ragfront; hit; ttl=9")


async def test_5861_3_a_failure_behind_leaves_what_is_stored():
    async with front() as at:
        at.origin.answers("/a", said("200 OK", "Cache-Control: max-age=10, stale-while-revalidate=60"), said("500 No"))
        await at.get()
        at.passes(30)
        for _ in range(2):
            assert (await at.get()).body == b"body"
            await eventually(lambda: not at.gateway.worker._pipeline.flights._flights)


async def test_the_route_s_own_bounds_shorten_the_windows():
    bounded = {"cache": {"rules": "http", "stale_while_revalidate": 0, "stale_if_error": "5s", "ttl": "20s"}}
    async with front(route=bounded) as at:
        fields = "Cache-Control: max-age=600, stale-while-revalidate=60, stale-if-error=60"
        at.origin.answers("/a", said("200 OK", fields), said("500 No"))
        await at.get()
        at.passes(19)
        assert (await at.get()).hit
        at.passes(2)
        assert (await at.get()).status == 200  # an error, 1 s late
        at.passes(5)
        assert (await at.get()).status == 500
