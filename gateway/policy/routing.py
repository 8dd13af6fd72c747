"""Routing: which route takes a request. Paths are compared as the client spelled them; first match wins."""

import re
from collections.abc import Callable, Iterator, Sequence

from gateway.model.exchange import Request
from gateway.model.settings import RouteSettings
from gateway.policy.conditions import compile_all
from gateway.policy.document import Document


class Router:
    """The routes of one configuration, compiled."""

    def __init__(self, routes: Sequence[RouteSettings]) -> None:
        takers = [_Taker(route) for route in routes]
        # With many routes most state an exact path: one look-up then leaves the few that may match at all.
        self._by_path = {
            taker.exact: tuple(t for t in takers if t.takes_path(taker.exact))
            for taker in takers
            if taker.exact is not None
        }
        self._patterns = tuple(t for t in takers if t.exact is None)

    def needs_body(self, request: Request) -> int:
        """How many bytes of body to buffer before `match` can decide and a key be made; 0: stream it through."""
        most = 0
        for taker in self._candidates(request):
            if taker.asks_body:
                most = max(most, taker.route.key.max_body)
                continue
            # This one matches whatever the body says, and those after it never get their turn.
            return most if taker.route.cache.mode == "off" else max(most, taker.route.key.max_body)
        return most

    def match(self, request: Request, document: Document | None) -> RouteSettings | None:
        """The first route that takes the request, `mode: off` included; None: no route.

        document: the body; None where it was too large to be buffered, and conditions on it do not hold.
        """
        for taker in self._candidates(request):
            if not taker.asks_body or (document is not None and document.is_json and taker.takes_body(document.value)):
                return taker.route
        return None

    def _candidates(self, request: Request) -> Iterator["_Taker"]:
        """The routes that match as far as the head tells, in order."""
        for taker in self._by_path.get(request.path, self._patterns):
            if taker.takes_head(request):
                yield taker


class _Taker:
    """One route's tests."""

    __slots__ = ("_headers", "_host", "_methods", "asks_body", "exact", "route", "takes_body", "takes_path")

    def __init__(self, route: RouteSettings) -> None:
        match = route.match
        self.route = route
        self.exact, self.takes_path = _compile_path(match.path)
        self._methods = frozenset(method.encode() for method in match.method)
        self._host = _compile_hosts(match.host)
        self._headers = tuple((name.encode(), pattern.fullmatch) for name, pattern in match.headers.items())
        self.asks_body = bool(match.body)
        self.takes_body = compile_all(match.body)

    def takes_head(self, request: Request) -> bool:
        if self._methods and request.method not in self._methods:
            return False
        if not self.takes_path(request.path):
            return False
        if self._host is not None and self._host(host_of(request.authority)) is None:
            return False
        for name, fullmatch in self._headers:
            value = request.fields.joined(name)
            if value is None or fullmatch(value.decode("utf-8", "surrogateescape")) is None:
                return False
        return True


def host_of(authority: bytes) -> bytes:
    """`Example.org:8080` -> `example.org`; `[::1]:80` -> `[::1]`."""
    host, colon, port = authority.rpartition(b":")
    return (host if colon and (port.isdigit() or not port) else authority).lower()


_SEGMENT = re.compile(r"\{[^{}/]*\}")


def _compile_path(path: str | None) -> tuple[bytes | None, Callable[[bytes], bool]]:
    """A path pattern -> (the path if it is an exact one, test of a path's bytes).

    `/prefix/*` takes all that begins with `/prefix/`; `{name}` takes one or more bytes other than `/`.
    """
    if path is None or path == "*":
        return None, lambda _: True
    stem, wild = (path[:-1], True) if path.endswith("/*") else (path, False)
    if not _SEGMENT.search(stem):
        raw = stem.encode()
        return (None, lambda got: got.startswith(raw)) if wild else (raw, lambda got: got == raw)
    literals = [re.escape(part.encode()) for part in _SEGMENT.split(stem)]
    fullmatch = re.compile(b"[^/]+".join(literals) + (b".*" if wild else b""), re.DOTALL).fullmatch
    return None, lambda got: fullmatch(got) is not None


def _compile_hosts(hosts: Sequence[str]) -> Callable[[bytes], re.Match[bytes] | None] | None:
    """Host patterns -> test of a host without port, in lower case; None where any host will do.

    `*.example.org` takes every name below example.org, but not itself.
    """
    if not hosts:
        return None
    patterns = (
        rb".+" + re.escape(host[1:].lower().encode()) if host.startswith("*.") else re.escape(host.lower().encode())
        for host in hosts
    )
    return re.compile(b"|".join(patterns), re.DOTALL).fullmatch
