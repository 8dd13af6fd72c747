"""Access: who may use the admin listener. Where a token is set, all but the probes ask for it."""

import hmac

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION, WWW_AUTHENTICATE
from aiohttp.typedefs import Handler, Middleware

from gateway.listeners.admin.problem import problem

# What orchestrators ask, who carry no token, and what tells nobody anything.
_OPEN = frozenset({"/healthz", "/readyz"})


def bearer(token: str | None) -> Middleware:
    """A middleware that lets in who shows the token (RFC 6750 section 2.1); None: everybody."""
    expected = None if token is None else token.encode()

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if expected is None or request.path in _OPEN or hmac.compare_digest(_shown(request), expected):
            return await handler(request)
        return problem(401, "the admin token is needed", headers={WWW_AUTHENTICATE: "Bearer"})

    return guard


def _shown(request: web.Request) -> bytes:
    scheme, _, credentials = request.headers.get(AUTHORIZATION, "").partition(" ")
    return credentials.strip().encode("utf-8", "surrogateescape") if scheme.lower() == "bearer" else b""
