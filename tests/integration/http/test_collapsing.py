"""Single flight over sockets: who waits for whose call, and who may not (RFC 9111 section 4)."""

import asyncio

import pytest

from tests.support.gateway import Client
from tests.support.http_front import Front, echoing, front
from tests.support.origin import Answer, ask, held, said
from tests.support.upstream import Asked, Wire

MINUTE = "Cache-Control: max-age=60"


def clients(at: Front) -> int:
    return sum(flight.clients for flight in at.gateway.worker._pipeline.flights._flights.values())


async def together(at: Front, gate: asyncio.Event, *each: tuple[str, ...], calls: int = 1) -> list[Answer]:
    """One request with each of these fields, all under way before anything is answered."""

    async def one(fields: tuple[str, ...]) -> Answer:
        async with Client(at.gateway.port) as client:
            return await ask(client, "GET", "/a", *fields)

    asking = [asyncio.create_task(one(fields)) for fields in each]
    async with asyncio.timeout(20):
        while clients(at) < len(each) or len(at.origin.asked) < calls:
            await asyncio.sleep(0.005)
    gate.set()
    return list(await asyncio.gather(*asking))


@pytest.mark.parametrize("count", [2, 100])
async def test_identical_gets_at_once_make_one_call(count: int):
    gate = asyncio.Event()
    async with front() as at:
        at.origin.answers("/a", held(gate, said("200 OK", MINUTE)))
        got = await together(at, gate, *[()] * count)
    assert {answer.body for answer in got} == {b"body"}
    assert sum("collapsed" in answer.cache_status for answer in got) == count - 1
    assert len(at.origin.asked) == 1


async def test_9111_3_5_with_credentials_each_gets_his_own():
    gate = asyncio.Event()

    async def script(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.send(said("200 OK", MINUTE, body=asked.get(b"authorization") or b"-"))

    async with front() as at:
        at.origin.answers("/a", script)
        got = await together(at, gate, *[(f"Authorization: Bearer {n}",) for n in range(5)], calls=5)
    assert [answer.body for answer in got] == [b"Bearer %d" % n for n in range(5)]


@pytest.mark.parametrize("private", ["Cache-Control: private", "Cache-Control: no-store", "Set-Cookie: id=1"])
async def test_9111_5_2_2_7_what_turns_out_to_be_private_is_asked_for_by_each(private: str):
    gate, count = asyncio.Event(), 0

    async def script(asked: Asked, wire: Wire) -> None:
        nonlocal count
        count += 1
        number = count
        await gate.wait()
        await wire.send(said("200 OK", private, body=b"%d" % number))

    async with front() as at:
        at.origin.answers("/a", script)
        got = await together(at, gate, *[()] * 5)
    assert sorted(answer.body for answer in got) == [b"1", b"2", b"3", b"4", b"5"]


async def test_9111_4_1_followers_who_differ_in_what_it_varies_on_ask_for_themselves():
    gate = asyncio.Event()
    told = echoing("Accept", MINUTE, "Vary: Accept")

    async def script(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await told(asked, wire)

    async with front() as at:
        at.origin.answers("/a", script)
        got = await together(at, gate, *[(f"Accept: {name}",) for name in ("a/a", "b/b", "a/a", "b/b")])
    assert [answer.body for answer in got] == [b"a/a", b"b/b", b"a/a", b"b/b"]
    assert len(at.origin.asked) == 2


async def test_9111_4_3_a_validation_is_one_call_too():
    gate = asyncio.Event()
    gate.set()
    async with front() as at:
        first = said("200 OK", "Cache-Control: max-age=10", 'ETag: "v1"')
        again = said("304 Not Modified", "Cache-Control: max-age=10", 'ETag: "v1"', body=None)
        later = asyncio.Event()
        at.origin.answers("/a", first, held(later, again))
        await at.get()
        at.passes(11)
        got = await together(at, later, (), (), ('If-None-Match: "v1"',), calls=2)
    assert [answer.status for answer in got] == [200, 200, 304]
    assert len(at.origin.asked) == 2


async def test_parts_and_heads_of_what_is_being_received_are_not_taken_from_it():
    gate = asyncio.Event()
    async with front() as at:
        at.origin.answers(
            "/a",
            held(gate, said("200 OK", MINUTE)),
            said("206 Partial Content", "Content-Range: bytes 0-0/4", body=b"b"),
        )
        reading = asyncio.create_task(at.get())
        await at.origin.until(lambda: len(at.origin.asked) == 1)
        async with Client(at.gateway.port) as client:
            assert (await ask(client, "GET", "/a", "Range: bytes=0-0")).status == 206
        gate.set()
        assert (await reading).body == b"body"
