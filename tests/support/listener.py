"""Client connections on a free port, handed to whatever a test wants to do with them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from gateway.listeners.connection import ClientServer, Incoming
from gateway.listeners.outgoing import Outgoing
from gateway.model.settings.file import LimitSettings
from tests.support.gateway import Client

Handler = Callable[[Incoming], Awaitable[bool]]


@asynccontextmanager
async def listening(handler: Handler, **limits: Any) -> AsyncIterator[tuple[ClientServer, int]]:
    """The server and its port."""
    server = ClientServer(handler, LimitSettings.model_validate(limits))
    sockets = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    try:
        yield server, sockets.sockets[0].getsockname()[1]
    finally:
        sockets.close()
        await server.shutdown(1)


async def told(request: bytes, say: Callable[[Outgoing], Awaitable[None]], **limits: Any) -> tuple[bytes, bool]:
    """All that a client gets for `request` where `say` answers it, and whether the connection stays open."""
    kept: list[Outgoing] = []

    async def handler(incoming: Incoming) -> bool:
        out = Outgoing(incoming.connection, incoming.message)
        kept.append(out)
        await say(out)
        return out.keep_alive

    async with listening(handler, idle="100ms", **limits) as (_, port), Client(port) as client:
        await client.send(request)
        async with asyncio.timeout(5):
            return await client.reader.read(), kept[0].keep_alive
