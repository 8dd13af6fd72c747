"""A TCP server that is no Redis: it says what it is told to whoever connects, whatever they say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Imposter:
    """says: sent in answer to each thing received. hangs_up: closes after the first answer. connections: so far."""

    def __init__(self, says: bytes, *, hangs_up: bool = False) -> None:
        self.says = says
        self.hangs_up = hangs_up
        self.connections = 0
        self.port = 0
        self._serving: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving[writer] = asyncio.current_task()
        try:
            while await reader.read(65536):
                writer.write(self.says)
                await writer.drain()
                if self.hangs_up:
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._serving.pop(writer, None)

    async def end(self) -> None:
        """Hangs up on everybody."""
        tasks = [task for task in self._serving.values() if task is not None]
        for writer in list(self._serving):
            writer.close()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def imposter(says: bytes, *, hangs_up: bool = False) -> AsyncIterator[Imposter]:
    """An imposter on a free port, until the end."""
    one = Imposter(says, hangs_up=hangs_up)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = int(server.sockets[0].getsockname()[1])
    try:
        yield one
    finally:
        server.close()
        await one.end()
