"""Client connections: time limits, seats, what happens to a handler whose client leaves."""

import asyncio

import pytest

from gateway.listeners.connection import Incoming
from gateway.wire.intake import Refused
from tests.support.eventually import eventually
from tests.support.gateway import Client
from tests.support.listener import listening

GET = b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


async def says_ok(incoming: Incoming) -> bool:
    assert incoming.connection.transport is not None
    incoming.connection.transport.write(OK)
    return True


async def test_the_peer_is_known():
    peers = []

    async def handler(incoming: Incoming) -> bool:
        peers.append(incoming.message.peer)
        return await says_ok(incoming)

    async with listening(handler) as (_, port), Client(port) as client:
        await client.ask(GET)
    assert peers == ["127.0.0.1"]


async def test_a_late_head_becomes_a_refusal_behind_what_came_before():
    seen = []
    gate = asyncio.Event()

    async def handler(incoming: Incoming) -> bool:
        seen.append(incoming.message)
        await gate.wait()
        return await says_ok(incoming)

    async with listening(handler, header_read="50ms") as (_, port), Client(port) as client:
        await client.send(GET + b"GET / HTTP/1.1\r\nHo")
        await asyncio.sleep(0.1)
        assert len(seen) == 1
        gate.set()
        await eventually(lambda: len(seen) == 2)
    assert isinstance(seen[1], Refused)
    assert seen[1].status == 408


async def test_a_client_that_leaves_cancels_its_handler_and_ends_its_body():
    cancelled = asyncio.Event()
    bodies = []

    async def handler(incoming: Incoming) -> bool:
        bodies.append(incoming.body)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    async with listening(handler) as (server, port):
        async with Client(port) as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 9\r\n\r\nabc")
            await eventually(lambda: bodies)
        await asyncio.wait_for(cancelled.wait(), 5)
        assert isinstance(bodies[0].exception(), ConnectionError)
        await eventually(lambda: not server.connections)


async def test_seats_are_given_in_order_and_freed_by_those_who_leave():
    async with listening(says_ok, connections=1) as (server, port):
        first, second, third = Client(port), Client(port), Client(port)
        for client in (first, second, third):
            await client.__aenter__()
        await first.ask(GET)
        await eventually(lambda: server._seated == 3)
        for client in (second, third):
            await client.send(GET)
        await second.__aexit__()  # also one who leaves without having had a seat
        await first.__aexit__()
        assert (await third.head()).startswith(b"HTTP/1.1 200")
        await third.__aexit__()
        await eventually(lambda: server._seated == 0)
        assert not server._waiting


async def test_a_client_that_takes_nothing_is_a_time_out():
    ended = asyncio.get_running_loop().create_future()

    async def handler(incoming: Incoming) -> bool:
        assert incoming.connection.transport is not None
        incoming.connection.transport.write(b"x" * (32 << 20))
        with pytest.raises(TimeoutError):
            await incoming.connection.drain()
        ended.set_result(None)
        incoming.connection.transport.abort()
        return False

    async with listening(handler, send="50ms") as (_, port), Client(port) as client:
        client.writer.transport.pause_reading()
        await client.send(GET)
        await asyncio.wait_for(ended, 5)


async def test_a_tunnel_gets_the_bytes_that_came_behind_the_request():
    async def handler(incoming: Incoming) -> bool:
        end = incoming.connection.tunnel()
        await end.copy_to(incoming.connection)  # an echo
        return False

    upgrade = b"GET / HTTP/1.1\r\nHost: gw\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
    async with listening(handler) as (_, port), Client(port) as client:
        await client.send(upgrade + b"early")
        assert await client.reader.readexactly(5) == b"early"
        await client.send(b"late")
        assert await client.reader.readexactly(4) == b"late"


async def test_a_server_that_stops_takes_no_further_request_on_a_connection():
    gate, began = asyncio.Event(), asyncio.Event()
    draining = []

    async def handler(incoming: Incoming) -> bool:
        began.set()
        await gate.wait()
        draining.append(incoming.connection.draining)
        return await says_ok(incoming)

    async with listening(handler) as (server, port), Client(port) as client:
        await client.send(GET + GET)
        await began.wait()
        stopping = asyncio.create_task(server.shutdown(5))
        await asyncio.sleep(0)
        gate.set()
        assert await client.reader.read() == OK
        await stopping
    assert draining == [True]


async def test_requests_behind_a_declined_upgrade_are_answered():
    upgrade = b"GET / HTTP/1.1\r\nHost: gw\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
    async with listening(says_ok) as (_, port), Client(port) as client:
        await client.send(upgrade + GET + GET)
        assert await client.reader.readexactly(3 * len(OK)) == 3 * OK
        await client.send(upgrade)
        await client.send(GET)
        assert await client.reader.readexactly(2 * len(OK)) == 2 * OK


async def test_what_is_left_of_a_body_nobody_wanted_is_passed_over():
    async with listening(says_ok) as (_, port), Client(port) as client:
        await client.send(b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 9\r\n\r\nabc")
        assert await client.reader.readexactly(len(OK)) == OK
        await client.send(b"defghi" + GET)
        assert await client.reader.readexactly(len(OK)) == OK


async def test_a_body_nobody_wanted_that_is_broken_ends_the_connection():
    async with listening(says_ok) as (_, port), Client(port) as client:
        await client.send(b"POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc")
        assert await client.reader.readexactly(len(OK)) == OK
        await client.send(b"no chunk")
        assert await client.reader.read() == b""


async def test_a_connection_is_free_for_the_next_request_as_soon_as_it_was_answered():
    free = []

    async def handler(incoming: Incoming) -> bool:
        asyncio.get_running_loop().call_soon(lambda: free.append(incoming.connection._waiter is not None))
        return await says_ok(incoming)

    async with listening(handler) as (_, port), Client(port) as client:
        await client.ask(GET)
        await eventually(lambda: free)
    assert free == [True]
