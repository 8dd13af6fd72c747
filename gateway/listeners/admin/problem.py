"""Problems: errors of the admin listener as problem details (RFC 9457)."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, Field

from gateway.model.errors import RagfrontError

_log = logging.getLogger("ragfront.admin")


class Wrong(BaseModel):
    """One thing that is wrong about a request."""

    pointer: str | None = Field(default=None, description="JSON Pointer (RFC 6901) to the member of the body")
    parameter: str | None = Field(default=None, description="or the query parameter")
    detail: str = Field(description="what was expected")


class Problem(BaseModel):
    """What an error says (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[Wrong] = Field(default=[], description="each thing that is wrong, with where it stands")


class Refused(RagfrontError):
    """A request that cannot be done. status: 4xx or 503. wrong: what is, with where it stands."""

    def __init__(self, status: int, detail: str, wrong: Sequence[Wrong] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.wrong = wrong


def problem(status: int, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: Any) -> web.Response:
    """A problem+json answer. `members`: extension members, JSON values."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    return web.Response(
        status=status,
        body=orjson.dumps(body | members),
        content_type="application/problem+json",
        headers=headers,
    )


def told(refused: Refused) -> web.Response:
    """A refusal as an answer."""
    if not refused.wrong:
        return problem(refused.status, refused.detail)
    return problem(refused.status, refused.detail, errors=[one.model_dump(exclude_none=True) for one in refused.wrong])


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every error the same shape: no such path, no such method, a fault of ours."""
    try:
        return await handler(request)
    except web.HTTPException as exc:
        if exc.status < 400:
            raise
        allow = {"Allow": exc.headers["Allow"]} if "Allow" in exc.headers else None
        return problem(exc.status, f"{request.method} {request.path}", headers=allow)
    except Exception:
        _log.exception("admin: %s %s failed", request.method, request.path)
        return problem(500)
