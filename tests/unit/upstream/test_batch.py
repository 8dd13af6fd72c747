"""Batch: who travels with whom, and when."""

import asyncio
from dataclasses import replace

import pytest

from gateway.model.party import Party, Seat
from gateway.upstream.batch import sealed
from tests.support.embedding import LANGSERVE, embeddings, inputs
from tests.support.gathering import about, gathering, part, parts
from tests.support.upstream import Asked, Wire


async def test_calls_that_differ_in_the_item_alone_travel_as_one():
    async with gathering() as (made, service):
        found = await parts(made, about("a"), about("b", (b"X-Trace", b"1")), about("c"))
        assert found == [(200, embeddings([text])) for text in "abc"]
        assert inputs(service) == [["a", "b", "c"]]
        assert service.asked[0].all(b"content-length") == [b"%d" % len(service.asked[0].body)]
        assert made.calls.batches == [3]


async def test_one_alone_goes_as_it_came():
    async with gathering() as (made, service):
        assert await parts(made, about("a", model="x")) == [(200, embeddings(["a"], "x"))]
        assert service.asked[0].body == b'{"input": "a", "model": "x"}'
        assert made.calls.batches == []


@pytest.mark.parametrize(
    "other",
    [
        about("b", model="x"),
        about("b", (b"Authorization", b"x")),
        about("b", (b"Accept", b"x")),
        about("b", (b"Host", b"h")),
        about([1, 2]),
        about("b", target=b"/v1/embeddings?v=2"),
        replace(about("b"), method=b"PUT"),
        about(["b"]),
        about({"text": "b"}),
        about("b", (b"Content-Digest", b"x")),
        replace(about("b"), body=b"no JSON at all"),
    ],
)
async def test_calls_that_differ_in_anything_else_do_not(other):
    async def echo(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with gathering(echo) as (made, service):
        assert await parts(made, about("a"), other) == [(200, {})] * 2
        assert len(service.asked) == 2


async def test_a_group_that_is_full_does_not_wait():
    async with gathering(window="1s", max_items=2) as (made, service):
        async with asyncio.timeout(0.5):
            await parts(made, *(about(text) for text in "abcd"))
        assert sorted(inputs(service)) == [["a", "b"], ["c", "d"]]


async def test_a_group_is_bounded_in_bytes():
    async with gathering(window="1s") as (made, service):
        async with asyncio.timeout(0.9):
            await parts(made, *(about(text * 300_000, more="y" * 700_000) for text in "abcde"))
        assert [len(asked) for asked in inputs(service)] == [5]


async def test_without_a_window_nobody_waits():
    async with gathering(window=0) as (made, service):
        await parts(made, about("a"), about("b"))
        assert sorted(inputs(service)) == ["a", "b"]


async def test_a_party_travels_once_all_have_come_or_found_their_answers():
    async with gathering(window="1s") as (made, service):
        party = Party(3)
        seats = [Seat(party) for _ in range(3)]
        asked = [replace(about(text), seat=seat) for text, seat in zip("ab", seats, strict=False)]
        asking = asyncio.gather(*(part(made, call) for call in asked))
        await asyncio.sleep(0.02)
        assert service.asked == []
        async with asyncio.timeout(0.5):
            seats[2].settle()
            await asking
        assert inputs(service) == [["a", "b"]]


async def test_only_what_ends_as_the_route_says_is_gathered():
    async with gathering(route=LANGSERVE, ending="/invoke") as (made, service):
        await parts(made, *(about(n, target=b"/c/invoke?a/b") for n in range(2)))
        found = await parts(made, *(about(n, target=b"/c/invoke/more") for n in range(2)))
        assert [asked.line.split()[1] for asked in service.asked] == [b"/c/batch?a/b"] + [b"/c/invoke/more"] * 2
        assert [status for status, _ in found] == [200, 200]


async def test_who_leaves_is_not_asked_for_and_the_last_ends_the_call():
    async with gathering() as (made, service):
        tasks = [asyncio.create_task(part(made, about(text))) for text in "abc"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        assert await tasks[0] == (200, embeddings(["a"]))
        assert await tasks[2] == (200, embeddings(["c"]))
        assert inputs(service) == [["a", "c"]]

        async def never(asked: Asked, wire: Wire) -> None:
            await asyncio.sleep(60)

        service.answer = never
        tasks = [asyncio.create_task(part(made, about(text))) for text in "de"]
        await service.until(lambda: len(service.asked) == 2)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.02)
        assert (made.calls.inflight, made.calls.ended[-1]) == (0, ("rag", "abandoned"))


def test_a_request_that_vouches_for_its_bytes_is_left_as_it_is():
    assert sealed(((b"Content-MD5", b"x"),))
    assert sealed(((b"Authorization", b"AWS4-HMAC-SHA256 x"),))
    assert not sealed(((b"Authorization", b"Bearer x"),))
