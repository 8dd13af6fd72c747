"""The admin application, asked over a real connection."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.listeners.admin.site import create_admin
from gateway.observe.metrics import Metrics

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_admin(Metrics("1.2.3"), list, "1.2.3"))) as client:
        yield client


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_resources_are_there_and_name_the_server(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 200
        assert answer.headers.getall("Server") == ["ragfront/1.2.3"]
        assert answer.headers.getall("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize("path", ["/", "/health", "/metrics/", "/%2e%2e/etc/passwd", "/nö"])
async def test_everything_else_is_a_problem(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        assert (await answer.json())["title"] == "Not Found"


async def test_wrong_method_names_the_right_ones(client: Client) -> None:
    async with client.post("/metrics") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET,HEAD"
        assert answer.content_type == "application/problem+json"


async def test_head_is_answered_without_a_body(client: Client) -> None:
    async with client.head("/healthz") as answer:
        assert answer.status == 200
        assert await answer.read() == b""


async def test_garbage_does_not_end_the_listener(client: Client) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET\x00 /healthz HTTP/1.1\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
    writer.close()
    await writer.wait_closed()
    async with client.get("/healthz") as answer:
        assert answer.status == 200
