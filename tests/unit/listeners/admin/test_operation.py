"""Operations: what comes in is read whole before anything is done about it."""

import io
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, Field

from gateway.listeners.admin.access import access
from gateway.listeners.admin.audit import Audit
from gateway.listeners.admin.operation import Answered, Call, Operation, pointer, route
from gateway.listeners.admin.problem import Refused, problems
from gateway.model.settings.base import Frozen
from gateway.model.settings.file import AdminSettings

OPERATORS = AdminSettings.model_validate(
    {"token": "root", "tokens": [{"name": "ann", "token": "look"}, {"name": "bob", "token": "act", "role": "operator"}]}
)


class Body(Frozen):
    number: int = Field(ge=1)
    of: tuple[int, ...] = ()


class Query(Frozen):
    limit: int = Field(default=10, le=100)


class Echo(BaseModel):
    body: Any
    limit: int
    who: str


async def work(call: Call) -> Echo | Answered:
    if call.body.number == 13:
        raise Refused(409, "not thirteen")
    call.before, call.after = 0, call.body.number
    return Answered(Echo(body=call.body.model_dump(), limit=call.query.limit, who=call.caller.name), 202, {"X": "y"})


def client(audit: Audit) -> TestClient[web.Request, web.Application]:
    app = web.Application(middlewares=[problems, access(OPERATORS)])
    op = Operation("POST", "/admin/x", "X", work, Echo, Body, Query, (202,), changes=True, max_body=1000)
    app.add_routes([route(op, audit)])
    return TestClient(TestServer(app))


async def asked(body: Any, query: str = "", token: str = "act", **more: Any) -> tuple[int, Any, Audit]:
    audit = Audit(lambda: 5.0)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | more
    data = io.BytesIO(body) if isinstance(body, bytes) else io.BytesIO(body.encode())
    async with client(audit) as server, server.post(f"/admin/x{query}", data=data, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None), audit


async def test_done_and_noted() -> None:
    status, told, audit = await asked('{"number": 1}', "?limit=3")
    assert (status, told) == (202, {"body": {"number": 1, "of": []}, "limit": 3, "who": "bob"})
    (change,) = audit._changes
    assert (change.at, change.who, change.status, change.before, change.after) == (5.0, "bob", 202, 0, 1)


@pytest.mark.parametrize(
    ("body", "query", "status", "where"),
    [
        ("{", "", 400, None),
        ("[]", "", 422, {"pointer": ""}),
        ('{"number": 0}', "", 422, {"pointer": "/number"}),
        ('{"number": 1, "of": [1, "x"]}', "", 422, {"pointer": "/of/1"}),
        ('{"number": 1, "nmber": 2}', "", 422, {"pointer": "/nmber"}),
        ('{"number": 1}', "?limit=1000", 422, {"parameter": "limit"}),
        ('{"number": 1}', "?limt=1", 422, {"parameter": "limt"}),
        ('{"number": 1}', "?limit=1&limit=2", 422, None),
        ('{"number": 13}', "", 409, None),
        (b"\xff\xfe", "", 400, None),
        ('{"number": 1, "of": [' + "1," * 600 + "1]}", "", 413, None),
    ],
)
async def test_what_does_not_fit_is_refused_with_where_it_stands(body, query, status, where) -> None:
    got, told, audit = await asked(body, query)
    assert (got, told["status"]) == (status, status)
    if where is not None:
        assert [{k: v for k, v in wrong.items() if k != "detail"} for wrong in told["errors"]] == [where]
    assert audit._changes[0].status == status
    assert audit._changes[0].after is None


async def test_what_is_no_object_is_told_so_in_plain_words() -> None:
    _, told, _ = await asked("[]", "")
    assert told["errors"] == [{"pointer": "", "detail": "expected an object"}]


async def test_viewers_change_nothing() -> None:
    status, _, audit = await asked('{"number": 1}', token="look")
    assert (status, audit._changes[0].who, audit._changes[0].status) == (403, "ann", 403)


async def test_a_body_of_another_kind_is_not_read() -> None:
    status, told, _ = await asked('{"number": 1}', **{"Content-Type": "text/plain"})
    assert (status, told["detail"]) == (415, "expected Content-Type: application/json")


def test_pointers_are_escaped() -> None:
    assert pointer(("a/b", 0, "c~d")) == "/a~1b/0/c~0d"
    assert pointer(()) == ""
