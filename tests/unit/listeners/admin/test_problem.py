"""Problems: every error has the same shape."""

import json
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.listeners.admin.problem import problem, problems


def test_members_extend_the_problem() -> None:
    answer = problem(503, "draining", not_ready=["draining"])
    assert answer.status == 503
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "draining",
        "not_ready": ["draining"],
    }


async def fails(_: web.Request) -> web.Response:
    raise RuntimeError("s3cret")


async def moved(_: web.Request) -> web.Response:
    raise web.HTTPFound("/elsewhere")


async def test_fault_of_ours_is_told_to_the_log_only(caplog: pytest.LogCaptureFixture) -> None:
    app = web.Application(middlewares=[problems])
    app.add_routes([web.get("/fails", fails), web.get("/moved", moved)])
    async with TestClient(TestServer(app)) as client:
        async with client.get("/fails") as answer:
            assert answer.status == 500
            assert "s3cret" not in await answer.text()
        (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert record.exc_info is not None
        async with client.get("/moved", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")
