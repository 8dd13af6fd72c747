"""A gateway in this process with its admin API, and a client of that."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.support.eventually import eventually
from tests.support.gateway import Running, field, once, post, running, settings
from tests.support.ports import free_port
from tests.support.process import GatewayProcess


class Admin:
    """Asks the API. token: shown where there is one."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str | None = None) -> None:
        self._session = session
        self.url = url
        self.token = token

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Status and JSON of an answer. body: JSON, where it is stated. more: for aiohttp."""
        headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        sent = {} if body is None else {"json": body}
        async with self._session.request(method, f"{self.url}{path}", headers=headers, **sent, **more) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str, **more: Any) -> Any:
        """The JSON of a 200."""
        status, found = await self.ask("GET", path, **more)
        assert status == 200, (status, found)
        return found

    async def post(self, path: str, body: Any, **more: Any) -> Any:
        """The JSON of a 200 or 202."""
        status, found = await self.ask("POST", path, body, **more)
        assert status in (200, 202), (status, found)
        return found

    def as_(self, token: str) -> "Admin":
        """The same for somebody else."""
        return Admin(self._session, self.url, token)


async def settled(read: Callable[[], Awaitable[Any]], holds: Callable[[Any], Any]) -> Any:
    """What is read, once it is as it has to become."""
    found: list[Any] = []

    async def read_again() -> Any:
        found[:] = [await read()]
        return holds(found[0])

    await eventually(read_again)
    return found[0]


async def outcomes(gateway: GatewayProcess, query: str, times: int = 24) -> list[bytes]:
    """What so many clients get, each on a connection of its own: the kernel spreads them over the workers."""
    body = json.dumps({"query": query}).encode()
    asked = [once(gateway.port, post(b"/rag", body, b"Connection: close")) for _ in range(times)]
    return [field(head, b"cache-status") or b"" for head, _ in await asyncio.gather(*asked)]


@asynccontextmanager
async def administered(
    upstream: str, *routes: dict[str, Any], admin: dict[str, Any] | None = None, **more: Any
) -> AsyncIterator[tuple[Running, Admin]]:
    """A gateway that listens for operators, too. more: settings."""
    port = free_port()
    stated = {"listen": f"127.0.0.1:{port}", **(admin or {})}
    async with running(settings(upstream, *routes, admin=stated, **more)) as gateway:
        async with aiohttp.ClientSession() as session:
            yield gateway, Admin(session, f"http://127.0.0.1:{port}/admin", stated.get("token"))
