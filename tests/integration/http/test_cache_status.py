"""Cache-Status (RFC 9211), over sockets, on routes under RFC 9111: what is told of each way."""

import asyncio

import pytest

from tests.support.gateway import Client
from tests.support.http_cache import http_cache
from tests.support.origin import ask, held, said

FRESH = "Cache-Control: max-age=60"


async def test_rfc_9211_2_1_a_hit_tells_what_is_left():
    async with http_cache() as cache:
        await cache.twice(said("200 OK", FRESH))
        cache.front.passes(20)
        assert (await cache.get()).cache_status in ("ragfront; hit; ttl=39", "ragfront; hit; ttl=40")


async def test_rfc_9211_2_2_a_miss_tells_why_it_was_forwarded_and_that_it_was_stored():
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", FRESH, "Vary: Accept"))
        assert (await cache.get("/a", "Accept: a/b")).cache_status == "ragfront; fwd=uri-miss; stored"
        other = await cache.get("/a", "Accept: c/d")
    assert other.cache_status == "ragfront; fwd=vary-miss; stored; detail=vary-miss"


async def test_rfc_9211_2_2_stale_and_validated():
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", FRESH, 'ETag: "x"'), said("304 Not Modified", 'ETag: "x"', body=None))
        await cache.get()
        cache.front.passes(61)
        answer = await cache.get()
    assert answer.cache_status == "ragfront; fwd=stale; fwd-status=304; stored; detail=stale"


async def test_rfc_9211_2_2_stale_and_answered_anew():
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", FRESH, 'ETag: "x"'), said("200 OK", FRESH, 'ETag: "y"'))
        await cache.get()
        cache.front.passes(61)
        answer = await cache.get()
    assert answer.cache_status == "ragfront; fwd=stale; stored; detail=stale"


async def test_rfc_9211_2_2_the_request_wanted_it_anew():
    async with http_cache() as cache:
        await cache.twice(said("200 OK", FRESH))
        answer = await cache.get("/a", "Cache-Control: no-cache")
    assert answer.cache_status == "ragfront; fwd=request; stored; detail=request-no-cache"


async def test_rfc_9211_2_6_those_who_followed_say_so():
    async with http_cache() as cache:
        gate = asyncio.Event()
        cache.origin.answers("/a", held(gate, said("200 OK", FRESH)))
        async with Client(cache.port) as other:
            asking = [asyncio.create_task(ask(client, "GET", "/a")) for client in (cache.client, other)]
            await cache.until_waiting(2)
            gate.set()
            told = sorted(answer.cache_status for answer in await asyncio.gather(*asking))
    assert told == ["ragfront; fwd=uri-miss; stored", "ragfront; fwd=uri-miss; stored; collapsed"]
    assert cache.calls == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param(("If-Match: \"x\"",), "ragfront; fwd=bypass; detail=request-condition", id="condition"),
        pytest.param(("X-HTTP-Method-Override: DELETE",), "ragfront; fwd=method; detail=request-method", id="override"),
        pytest.param(("Range: bytes=0-1",), "ragfront; fwd=bypass; detail=request-range", id="range"),
        pytest.param(("Cache-Control: no-store",), "ragfront; fwd=bypass; detail=request-no-store", id="no-store"),
        pytest.param(("Cache-Control: only-if-cached",), "ragfront; detail=only-if-cached", id="only-if-cached"),
    ],
)  # fmt: skip
async def test_rfc_9211_2_2_what_is_not_looked_up_says_why(fields, told):
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", FRESH))
        assert (await cache.get("/a", *fields)).cache_status == told


async def test_rfc_9211_2_an_upstream_that_is_away():
    async with http_cache() as cache:
        await cache.origin.stop()
        answer = await cache.get()
    assert answer.status == 502
    assert answer.cache_status.startswith("ragfront; ")
    assert "hit" not in answer.cache_status


async def test_rfc_9211_2_that_of_a_cache_behind_us_stays_in_front_of_ours():
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", FRESH, "Cache-Status: Origin; hit"))
    for answer in (first, again):
        assert answer.all("Cache-Status")[0] == "Origin; hit"
        assert answer.all("Cache-Status")[1].startswith("ragfront; ")


async def test_a_body_on_get_is_not_looked_up():
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", FRESH))
        answer = await ask(cache.client, "GET", "/a", body=b"x")
        plain = await cache.get()
    assert answer.cache_status == "ragfront; fwd=bypass; detail=request-body"
    assert not plain.hit
