"""Access: who may use the admin listener, and what for. Where a token is set, all but the probes ask for one."""

import hmac
import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE
from aiohttp.typedefs import Handler, Middleware

from gateway.config.admin_rules import ALONE
from gateway.listeners.admin.pages import PAGE, pages
from gateway.listeners.admin.problem import problem
from gateway.model.settings.file import AdminSettings

# What orchestrators ask, who carry no token, and what tells nobody anything.
_OPEN = frozenset({"/healthz", "/readyz"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Role(StrEnum):
    """What somebody may do."""

    VIEWER = "viewer"  # look
    OPERATOR = "operator"  # change, too, and see stored answers


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. name: the token's; `anonymous` where none is set."""

    name: str
    role: Role


ANONYMOUS = Caller("anonymous", Role.OPERATOR)
CALLER = web.RequestKey("caller", Caller)


class Tokens:
    """All tokens. What is shown is compared with each of them, in a time that tells nothing about any."""

    def __init__(self, settings: AdminSettings) -> None:
        stated = [(one.token, Caller(one.name, Role(one.role))) for one in settings.tokens]
        if settings.token:
            stated.append((settings.token, Caller(ALONE, Role.OPERATOR)))
        self._known = [(sha256(token.encode()).digest(), caller) for token, caller in stated]

    def __len__(self) -> int:
        return len(self._known)

    def whose(self, shown: bytes) -> Caller | None:
        """Who shows this; None: nobody that we know."""
        digest, found = sha256(shown).digest(), None
        for known, caller in self._known:
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def access(settings: AdminSettings) -> Middleware:
    """A middleware that lets in who shows a token (RFC 6750 section 2.1), or everybody where none is set."""
    tokens = Tokens(settings)
    # The console's own files tell nothing, and it is them that ask for a token; which pages may ask still counts.
    tokenless = {PAGE.rstrip("/"), *pages()}

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = tokens.whose(_shown(request)) if tokens else ANONYMOUS
        if request.path not in _OPEN:
            if caller is None and request.path not in tokenless:
                return problem(401, "the admin token is needed", headers={WWW_AUTHENTICATE: "Bearer"})
            if (why := _foreign(request, guarded=bool(tokens))) is not None:
                return problem(403, why)
        request[CALLER] = caller or ANONYMOUS
        return await handler(request)

    return guard


def _shown(request: web.Request) -> bytes:
    scheme, _, credentials = request.headers.get(AUTHORIZATION, "").partition(" ")
    return credentials.strip().encode("utf-8", "surrogateescape") if scheme.lower() == "bearer" else b""


def _foreign(request: web.Request, *, guarded: bool) -> str | None:
    """Why a browser's request is not from a page of ours; None where it is, or comes from no browser.

    Without a token a page of any site could make its visitor's browser ask us: under our own address, or under a name
    of its own that it has made lead to 127.0.0.1.
    """
    host = request.headers.get(HOST, "")
    if not guarded and request.path.startswith("/admin") and not _local(host):
        return "without a token, only localhost and addresses of loopback are answered to"
    if request.method in _SAFE:
        return None
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get(ORIGIN)
    if site not in (None, "same-origin", "none") or (origin is not None and origin.partition("://")[2] != host):
        return "asked for by a page of another site"
    return None


def _local(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
