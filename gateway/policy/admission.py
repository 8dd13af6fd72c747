"""Admission: may this request be looked up, or does it bypass the cache, and why? No I/O."""

from gateway.model.exchange import Request
from gateway.model.outcome import Reason
from gateway.model.settings.route import RouteSettings
from gateway.policy.cachecontrol import CacheControl
from gateway.policy.conditions import compile_conditions
from gateway.policy.document import Document, DocumentKind
from gateway.policy.hops import wants_upgrade

# Asking twice must be the same as asking once. Other methods are looked up only on routes that name them:
# a route that names none means every question, not every DELETE.
_QUESTIONS = frozenset({b"GET", b"HEAD", b"POST", b"QUERY"})
_NEVER = frozenset({b"CONNECT", b"OPTIONS", b"TRACE"})


class Admission:
    """One route's rules, compiled."""

    __slots__ = ("_asks_body", "_bypass_when", "_methods", "_off", "_respect")

    def __init__(self, route: RouteSettings) -> None:
        self._off = route.cache.mode == "off"
        self._methods = (frozenset(m.encode() for m in route.match.method) or _QUESTIONS) - _NEVER
        self._respect = route.cache.request_directives == "respect"
        self._asks_body = bool(route.bypass_when)
        self._bypass_when = compile_conditions(route.bypass_when)

    def check(self, request: Request, document: Document) -> Reason | None:
        """None: look it up. Else why it bypasses the cache: the first of the reasons that hold."""
        return self.check_head(request) or self.check_body(document)

    def check_head(self, request: Request) -> Reason | None:
        """What can be told before the body is there."""
        if self._off:
            return Reason.MODE_OFF
        fields = request.fields
        if request.method == b"CONNECT" or wants_upgrade(fields, request.version):
            return Reason.UPGRADE
        if request.method not in self._methods:
            return Reason.REQUEST_METHOD
        if b"range" in fields:
            return Reason.REQUEST_RANGE
        coding = fields.get(b"content-encoding")
        if coding is not None and fields.joined(b"content-encoding") not in (b"", b"identity"):
            return Reason.REQUEST_ENCODED
        media_type = fields.get(b"content-type")
        if media_type is not None and media_type.lstrip().lower().startswith(b"multipart/"):
            return Reason.MULTIPART
        if self._respect and CacheControl(fields.joined(b"cache-control")).has(b"no-store"):
            return Reason.REQUEST_NO_STORE
        return None

    def check_body(self, document: Document) -> Reason | None:
        """What the body says.

        A body with two members of one name means different things to different parsers, so it is never looked up.
        Where conditions stand and the body is not JSON as we read it, a more tolerant service may yet find in it
        what they are about (NaN, UTF-16, an object 300 deep): such a request bypasses, too.
        """
        if document.duplicates:
            return Reason.DUPLICATE_MEMBERS
        if not self._asks_body or document.kind is DocumentKind.EMPTY:
            return None
        if document.kind is DocumentKind.NOT_JSON or self._bypass_when(document.value):
            return Reason.BYPASS_WHEN
        return None


def admit(route: RouteSettings, request: Request, document: Document) -> Reason | None:
    """`Admission(route).check(...)` for a single question; compiles the route each time."""
    return Admission(route).check(request, document)
