"""UpstreamConnection: what is known about a connection before it is used again."""

import asyncio

import pytest

from gateway.upstream.connection import UpstreamConnection


async def test_a_connection_on_which_something_came_while_idle_is_dead():
    peers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: peers.append(writer), "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    port = server.sockets[0].getsockname()[1]
    transport, connection = await loop.create_connection(lambda: UpstreamConnection(loop), "127.0.0.1", port)
    while not peers:
        await asyncio.sleep(0)
    assert not connection.dead
    transport.pause_reading()  # the loop does not get to see it, as when it is busy
    peers[0].close()
    await peers[0].wait_closed()
    assert connection.dead
    transport.close()
    assert connection.dead
    server.close()
    await server.wait_closed()


async def test_it_has_answered_once_a_byte_has_come():
    connection = UpstreamConnection(asyncio.get_running_loop())
    assert not connection.answered
    connection.expect(b"GET")
    assert (connection.calls, connection.answered) == (1, False)
    connection.data_received(b"H")
    assert connection.answered
    connection._drop_timeout()


async def test_a_call_has_its_own_time_whatever_was_left_of_an_earlier_ones():
    loop = asyncio.get_running_loop()
    connection = UpstreamConnection(loop)
    began = loop.time()
    connection.answer_by(began + 0.02)
    connection.answer_by(None)  # answered in time: the timer goes on, and says nothing
    await asyncio.sleep(0.04)
    assert connection.exception() is None
    connection.answer_by(began + 0.06)
    connection.answer_by(began + 0.15)  # the timer that rings first has to see that it is too early
    with pytest.raises(TimeoutError):
        await connection.read()
    assert loop.time() >= began + 0.14
    connection.answer_by(loop.time() + 60)
    connection.connection_lost(None)
    assert connection._alarm is not None
    assert connection._alarm.cancelled()


async def test_a_later_call_may_have_less_time_than_an_earlier_one():
    loop = asyncio.get_running_loop()
    connection = UpstreamConnection(loop)
    connection.answer_by(loop.time() + 60)
    connection.answer_by(loop.time() + 0.02)
    async with asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            await connection.read()
