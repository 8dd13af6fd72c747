"""/healthz and /readyz."""

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.listeners.admin import health
from gateway.listeners.admin.problem import problems


def served(waiting: list[str]) -> TestClient[web.Request, web.Application]:
    app = web.Application(middlewares=[problems])
    app.add_routes(health.routes(lambda: waiting))
    return TestClient(TestServer(app))


async def test_ready_as_long_as_nothing_is_not() -> None:
    waiting: list[str] = []
    async with served(waiting) as client:
        async with client.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (200, "ready\n")
        waiting.append("draining")
        async with client.get("/readyz") as answer:
            assert answer.status == 503
            assert answer.content_type == "application/problem+json"
            assert (await answer.json())["not_ready"] == ["draining"]
            assert answer.headers["Cache-Control"] == "no-store"


async def test_alive_even_where_not_ready() -> None:
    async with served(["draining"]) as client, client.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
