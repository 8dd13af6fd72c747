"""Operation: one endpoint of the API: what it takes, who may use it, what it answers. Read here, and in openapi.

Whatever comes in is read whole, against the endpoint's own models, before anything is done about it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.listeners.admin.access import CALLER, Caller, Role
from gateway.listeners.admin.problem import Refused, Wrong, told
from gateway.model.settings.base import Frozen

MAX_BODY = 1 << 20
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
LINES = "application/x-ndjson"


class Nothing(Frozen):
    """No query, or an empty body."""


@dataclass(slots=True)
class Call:
    """One request, read. query, body: of the operation's models; lines: the body as it came, where it is no JSON.

    before, after: what the audit is to show of a change; plain JSON, no secrets.
    """

    caller: Caller
    path: Mapping[str, str]
    query: Any
    body: Any
    lines: bytes
    fields: Mapping[str, str]
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with another status than 200, or with fields of its own."""

    body: BaseModel
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Work = Callable[[Call], Awaitable[BaseModel | Answered]]


@dataclass(frozen=True, slots=True)
class Operation:
    """method and path as they are routed. answer: the model of its answers; statuses: theirs.

    refusals: statuses of errors beside those that any endpoint may give, and when. changes: it is audited, and for
    operators only. media: of the body, where there is one. max_body: bytes.
    """

    method: str
    path: str
    summary: str
    work: Work
    answer: type[BaseModel]
    body: type[BaseModel] | None = None
    query: type[BaseModel] = Nothing
    statuses: tuple[int, ...] = (200,)
    refusals: Mapping[int, str] = field(default_factory=dict)
    changes: bool = False
    media: tuple[str, ...] = (JSON,)
    max_body: int = MAX_BODY
    description: str = ""

    @property
    def role(self) -> Role:
        """Who may use it."""
        return Role.OPERATOR if self.changes else Role.VIEWER

    @property
    def has_body(self) -> bool:
        """Whether it reads one."""
        return self.body is not None or self.media == (LINES,)


class Auditor(Protocol):
    """Who is told of changes."""

    def note(
        self, caller: Caller, what: str, source: str, status: int, result: str, before: Any = None, after: Any = None
    ) -> None:
        """A change has been made, or refused."""


def route(operation: Operation, audit: Auditor) -> web.RouteDef:
    """An operation as a route of aiohttp's."""

    async def handle(request: web.Request) -> web.StreamResponse:
        call = Call(request[CALLER], request.match_info, None, None, b"", request.headers)
        result = ""
        try:
            if operation.role is Role.OPERATOR and call.caller.role is not Role.OPERATOR:
                raise Refused(403, "for operators; this token is a viewer's")
            await _read(operation, request, call)
            response = _response(await operation.work(call))
        except Refused as exc:
            response, result = told(exc), exc.detail
        if operation.changes:
            what = f"{request.method} {request.path}"
            audit.note(call.caller, what, request.remote or "", response.status, result, call.before, call.after)
        return response

    return web.route(operation.method, operation.path, handle)


async def _read(operation: Operation, request: web.Request, call: Call) -> None:
    call.query = _validated(operation.query, dict(request.query), "parameter")
    if len(request.query) != len(set(request.query)):
        raise Refused(422, "a query parameter is stated twice")
    if not operation.has_body:
        return
    if request.content_type not in operation.media:
        raise Refused(415, f"expected Content-Type: {' or '.join(operation.media)}")
    raw = await _bounded(request, operation.max_body)
    if operation.body is None:
        call.lines = raw
        return
    try:
        data = orjson.loads(raw)
    except ValueError as exc:
        raise Refused(400, f"not JSON: {exc}") from None
    call.body = _validated(operation.body, data, "pointer")


async def _bounded(request: web.Request, most: int) -> bytes:
    """The body, where it is no longer than that; nothing is kept of a longer one."""
    if (request.content_length or 0) > most:
        raise Refused(413, f"expected a body of {most} bytes at most")
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > most:
            raise Refused(413, f"expected a body of {most} bytes at most")
    return bytes(body)


def _validated(model: type[BaseModel], data: Any, where: str) -> BaseModel:
    try:
        return model.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as exc:
        wrong = wrongs(exc, where)
    raise Refused(422, f"{len(wrong)} {'thing is' if len(wrong) == 1 else 'things are'} wrong", wrong)


def wrongs(exc: ValidationError, where: str) -> list[Wrong]:
    """What a model says is wrong. where: "parameter" or "pointer"."""
    return [_wrong(error, where) for error in exc.errors(include_url=False, include_input=False)]


def _wrong(error: ErrorDetails, where: str) -> Wrong:
    detail = str(error["msg"]).removeprefix("Value error, ") if error["type"] != "model_type" else "expected an object"
    if where == "parameter":
        return Wrong(parameter=".".join(map(str, error["loc"])), detail=detail)
    return Wrong(pointer=pointer(error["loc"]), detail=detail)


def pointer(path: tuple[str | int, ...]) -> str:
    """A path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _response(done: BaseModel | Answered) -> web.Response:
    answered = done if isinstance(done, Answered) else Answered(done)
    return web.Response(
        status=answered.status,
        body=answered.body.model_dump_json(by_alias=True).encode(),
        content_type=JSON,
        headers={"Cache-Control": "no-store", **answered.headers},
    )
