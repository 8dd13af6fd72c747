"""Problems: errors of the admin listener as problem details (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

_log = logging.getLogger("ragfront.admin")


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
