"""UpstreamConnection: what is known about a connection before it is used again."""

import asyncio

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
