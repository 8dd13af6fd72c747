"""One of several replicas fails, in each of the ways that there are: clients see nothing of it before long."""

import asyncio
import itertools
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from gateway.model.replicas import ReplicaState
from tests.support.eventually import eventually
from tests.support.gateway import RAG, Running, field, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire

QUICK: dict[str, Any] = {
    "timeouts": {"connect": "500ms", "first_byte": "150ms", "idle": "150ms"},
    "ejection": {"failures": 3, "first": "400ms", "longest": "400ms"},
}
UNCACHED = RAG | {"cache": {"mode": "off"}}
numbers = itertools.count()


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b'"fine"')


async def resets(asked: Asked, wire: Wire) -> None:
    wire.reset()


async def stalls(asked: Asked, wire: Wire) -> None:
    await wire.reader.read(1)


async def says_500(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}", status=b"500 Oh")


async def breaks_off(asked: Asked, wire: Wire) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    wire.close()


async def stops_in_the_middle(asked: Asked, wire: Wire) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    await wire.reader.read(1)


async def speaks_no_http(asked: Asked, wire: Wire) -> None:
    await wire.send(b"SSH-2.0\r\n\r\n")
    wire.close()


async def services(stack: AsyncExitStack, *answers: Any) -> list[ScriptedUpstream]:
    return [await stack.enter_async_context(ScriptedUpstream(answer)) for answer in answers]


def gateway_of(*urls: str, route: dict[str, Any] = UNCACHED, **upstream: Any):
    return running(settings("", route, upstreams={"rag": {"urls": urls, **upstream}}))


def state(gateway: Running, index: int = 0) -> ReplicaState:
    return gateway.worker._upstreams["rag"].state().replicas[index]


async def ask(gateway: Running) -> tuple[int, bytes]:
    """A question that nobody asked before -> status (0: the answer broke off) and head."""
    try:
        head, _ = await once(gateway.port, post(b"/rag", b'{"query": "%d"}' % next(numbers)))
    except asyncio.IncompleteReadError:
        return 0, b""
    return int(head[9:12]), head


async def asks(gateway: Running, times: int = 20) -> set[int]:
    return {status for status, _ in await asyncio.gather(*(ask(gateway) for _ in range(times)))}


@pytest.mark.parametrize(
    "fault",
    [resets, stalls, says_500, breaks_off, stops_in_the_middle, speaks_no_http],
    ids=lambda fault: fault.__name__,
)
@pytest.mark.parametrize("route", [UNCACHED, RAG], ids=["uncached", "cached"])
async def test_one_that_answers_badly_is_put_out_and_comes_back_by_itself(fault, route):
    async with AsyncExitStack() as stack:
        bad, *good = await services(stack, fault, fine, fine)
        async with gateway_of(bad.url, *(one.url for one in good), route=route, **QUICK) as gateway:
            async with asyncio.timeout(10):
                while not state(gateway).ejected:
                    await asks(gateway, 6)
            asked = len(bad.asked)
            assert await asks(gateway) == {200}
            assert len(bad.asked) == asked
            bad.answer = fine
            await eventually(lambda: not state(gateway).ejected)
            while len(bad.asked) == asked:
                assert await asks(gateway) == {200}
            assert not state(gateway).ejected
            await left_nothing(gateway)


async def test_one_that_refuses_connections_is_never_seen_by_clients():
    async with AsyncExitStack() as stack:
        gone, *good = await services(stack, fine, fine, fine)
        await gone.stop()
        async with gateway_of(gone.url, *(one.url for one in good), **QUICK) as gateway:
            while not state(gateway).ejected:
                assert await asks(gateway, 4) == {200}
            assert await asks(gateway) == {200}
            assert gone.asked == []
            await gone.start()
            await eventually(lambda: not state(gateway).ejected)
            while not gone.asked:
                assert await asks(gateway) == {200}
            await left_nothing(gateway)


async def test_where_all_fail_all_are_asked():
    async with AsyncExitStack() as stack:
        both = await services(stack, says_500, says_500)
        async with gateway_of(*(one.url for one in both), ejection=QUICK["ejection"]) as gateway:
            for _ in range(5):
                assert await asks(gateway) == {500}
            assert [state(gateway, index).ejected for index in (0, 1)].count(True) == 1  # half of them at most
            for one in both:
                one.answer = fine
            assert await asks(gateway) == {200}


async def test_health_checks_put_one_out_before_a_client_sees_it():
    well = asyncio.Event()

    async def is_it_well(asked: Asked, wire: Wire) -> None:
        await (fine if well.is_set() or b"/health" not in asked.line else says_500)(asked, wire)

    health = {"path": "/health", "interval": "100ms", "unhealthy": 2, "healthy": 2}
    async with AsyncExitStack() as stack:
        ill, good = await services(stack, is_it_well, is_it_well)
        good.answer = fine
        async with gateway_of(ill.url, good.url, health=health) as gateway:
            await eventually(lambda: not state(gateway).healthy)
            assert await asks(gateway) == {200}
            assert all(b"/health" in asked.line for asked in ill.asked)
            well.set()
            await eventually(lambda: state(gateway).healthy)
            while all(b"/health" in asked.line for asked in ill.asked):
                assert await asks(gateway) == {200}


async def test_health_checks_that_flap_put_nobody_out():
    checks = itertools.count(1)

    async def flaps(asked: Asked, wire: Wire) -> None:
        ill = b"/health" in asked.line and next(checks) % 2
        await (says_500 if ill else fine)(asked, wire)

    health = {"path": "/health", "interval": "100ms", "unhealthy": 2, "healthy": 2}
    async with AsyncExitStack() as stack:
        flapping, good = await services(stack, flaps, fine)
        async with gateway_of(flapping.url, good.url, health=health) as gateway:
            while sum(b"/health" in asked.line for asked in flapping.asked) < 8:
                assert await asks(gateway, 4) == {200}
                assert state(gateway).healthy
                await asyncio.sleep(0.02)
            assert any(b"/rag" in asked.line for asked in flapping.asked)
            await left_nothing(gateway)


@pytest.mark.parametrize("fault", [resets, stalls, speaks_no_http], ids=lambda fault: fault.__name__)
async def test_the_only_one_gives_no_answers_and_is_left_alone_for_a_while(fault):
    limits = QUICK | {"breaker": {"failures": 3, "open": "1s"}}
    async with ScriptedUpstream(fault) as service, gateway_of(service.url, **limits) as gateway:
        for _ in range(3):
            assert (await ask(gateway))[0] in (502, 504)
        head, body = await once(gateway.port, post(b"/rag", b'{"query": "x"}'))
        assert head.startswith(b"HTTP/1.1 503 Service Unavailable")
        assert field(head, b"retry-after") == b"1"
        assert b"detail=breaker-open" in (field(head, b"cache-status") or b"")
        assert "is left alone" in json.loads(body)["detail"]
        assert len(service.asked) == 3
        service.answer = fine
        await asyncio.sleep(1)
        statuses = await asks(gateway)
        assert 200 in statuses  # the probe; who came while it was under way was not let through
        assert await asks(gateway) == {200}
        await left_nothing(gateway)


async def test_stale_answers_stand_in_while_nobody_may_be_asked():
    route = RAG | {"cache": {"ttl": "100ms", "jitter": "0", "l1_ttl": "100ms", "stale_while_revalidate": 0}}
    limits = QUICK | {"breaker": {"failures": 1, "open": "1m"}}
    async with ScriptedUpstream(fine) as service, gateway_of(service.url, route=route, **limits) as gateway:
        question = post(b"/rag", b'{"query": "kept"}')
        await once(gateway.port, question)
        service.answer = resets
        await asyncio.sleep(0.15)
        for _ in range(3):
            head, body = await once(gateway.port, question)
            assert (head[9:12], body) == (b"200", b'"fine"')
            assert b"upstream-failed" in (field(head, b"cache-status") or b"")
        assert state(gateway).breaker == "open"
        assert len(service.asked) == 3  # one more: the kept connection had died, so it was tried on a new one
        assert (await ask(gateway))[0] == 503


async def test_retries_stay_within_their_budget():
    never = {"ejection": {"failures": 0, "share": 0}, "breaker": {"failures": 0}}
    budget = {"share": "10%", "floor": 0, "burst": 2}
    async with AsyncExitStack() as stack:
        gone, good = await services(stack, fine, fine)
        await gone.stop()
        async with gateway_of(gone.url, good.url, retries=budget, **never) as gateway:
            statuses = [(await ask(gateway))[0] for _ in range(100)]
            now = gateway.worker._upstreams["rag"].state()
            assert statuses.count(502) == now.retries_refused > 0
            assert 0 < now.retries <= 2 + 10
            page = gateway.worker._metrics.render()[0].decode()
            assert f'ragfront_upstream_retries_total{{upstream="rag"}} {now.retries:.1f}' in page
        await gone.start()
