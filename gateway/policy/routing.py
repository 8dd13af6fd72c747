"""Routing: which route takes a request. Paths are compared as the client spelled them; first match wins."""

import re
from collections.abc import Callable, Sequence

from gateway.model.exchange import Request
from gateway.model.settings.route import RouteSettings
from gateway.policy.conditions import compile_all
from gateway.policy.document import Document


class Router:
    """The routes of one configuration, compiled."""

    def __init__(self, routes: Sequence[RouteSettings]) -> None:
        takers = self._takers = [_Taker(route) for route in routes]
        # With many routes most state exact paths: one look-up then leaves the few that may match at all.
        self._by_path = {
            path: tuple(t for t in takers if t.takes_path(path)) for taker in takers for path in taker.exact
        }
        self._patterns = tuple(t for t in takers if t.has_patterns)

    def needs_body(self, request: Request) -> int:
        """How many bytes of body to buffer before `match` can decide and a key be made; 0: stream it through."""
        most = 0
        for taker in self._by_path.get(request.path, self._patterns):
            if not taker.takes_head(request):
                continue
            if taker.asks_body:
                most = max(most, taker.route.key.max_body)
                continue
            # This one matches whatever the body says, and those after it never get their turn.
            streamed = taker.route.cache.mode == "off" or taker.route.cache.rules == "http"
            return most if streamed else max(most, taker.route.key.max_body)
        return most

    def match(self, request: Request, document: Document | None) -> RouteSettings | None:
        """The first route that takes the request, `mode: off` included; None: no route.

        document: the body; None where it was too large to be buffered, and conditions on it do not hold.
        """
        for taker in self._by_path.get(request.path, self._patterns):
            if not taker.takes_head(request):
                continue
            if not taker.asks_body or (document is not None and document.is_json and taker.takes_body(document.value)):
                return taker.route
        return None

    def may_keep(self, path: bytes, authority: bytes) -> bool:
        """Whether a route that follows RFC 9111 may have stored answers of this path, whatever else it asks for."""
        takers = self._by_path.get(path, self._patterns)
        return any(t.route.cache.rules == "http" and t.takes_uri(path, authority) for t in takers)

    def tried(self, request: Request, document: Document | None) -> list[tuple[str, str]]:
        """For an operator: each route in its turn up to the one that takes the request, and what of `match` kept the
        others from it; "" for that one.
        """
        told = []
        for taker in self._takers:
            told.append((taker.route.name, taker.objection(request, document)))
            if not told[-1][1]:
                break
        return told


class _Taker:
    """One route's tests."""

    __slots__ = (
        "_headers", "_host", "_methods", "asks_body", "exact", "has_patterns", "route", "takes_body", "takes_path",
    )  # fmt: skip

    def __init__(self, route: RouteSettings) -> None:
        match = route.match
        self.route = route
        self.exact, patterns = _compile_paths(match.paths)
        self.has_patterns = patterns is not None
        self.takes_path = _either(self.exact, patterns)
        self._methods = frozenset(method.encode() for method in match.method)
        self._host = _compile_hosts(match.host)
        self._headers = tuple((name.encode(), pattern.fullmatch) for name, pattern in match.headers.items())
        self.asks_body = bool(match.body)
        self.takes_body = compile_all(match.body)

    def takes_head(self, request: Request) -> bool:
        if self._methods and request.method not in self._methods:
            return False
        if not self.takes_uri(request.path, request.authority):
            return False
        for name, fullmatch in self._headers:
            value = request.fields.joined(name)
            if value is None or fullmatch(value.decode("utf-8", "surrogateescape")) is None:
                return False
        return True

    def takes_uri(self, path: bytes, authority: bytes) -> bool:
        return self.takes_path(path) and (self._host is None or self._host(host_of(authority)) is not None)

    def objection(self, request: Request, document: Document | None) -> str:
        """The first part of `match` that does not hold; "" where all of it does."""
        if self._methods and request.method not in self._methods:
            return "method"
        if not self.takes_path(request.path):
            return "path"
        if self._host is not None and self._host(host_of(request.authority)) is None:
            return "host"
        if not self.takes_head(request):
            return "headers"
        if not self.asks_body or (document is not None and document.is_json and self.takes_body(document.value)):
            return ""
        return "body"


def host_of(authority: bytes) -> bytes:
    """`Example.org:8080` -> `example.org`; `[::1]:80` -> `[::1]`."""
    host, colon, port = authority.rpartition(b":")
    return (host if colon and (port.isdigit() or not port) else authority).lower()


_SEGMENT = re.compile(r"\{[^{}/]*\}")
_PathTest = Callable[[bytes], bool]


def _compile_paths(paths: Sequence[str]) -> tuple[frozenset[bytes], _PathTest | None]:
    """Path patterns -> (those that are exact paths, test of a path's bytes for the others).

    `/prefix/*` takes all that begins with `/prefix/`, `*/suffix` all that ends with `/suffix` (`/suffix` itself, too:
    the star stands for any number of whole segments); `{name}` takes one or more bytes other than `/`.
    """
    if not paths:
        return frozenset(), lambda _: True
    exact = [path for path in paths if not (path.endswith("/*") or path.startswith("*") or _SEGMENT.search(path))]
    patterns = [path for path in paths if path not in exact]
    return frozenset(path.encode() for path in exact), _compile_patterns(patterns) if patterns else None


def _compile_patterns(patterns: Sequence[str]) -> _PathTest:
    if len(patterns) == 1 and not _SEGMENT.search(patterns[0]):
        # The usual ones, for which a regular expression would take twice as long.
        path = patterns[0].encode()
        if path.endswith(b"/*"):
            return lambda got: got.startswith(path[:-1])
        return lambda got: got.endswith(path[1:])
    fullmatch = re.compile(b"|".join(map(_pattern, patterns)), re.DOTALL).fullmatch
    return lambda got: fullmatch(got) is not None


def _pattern(path: str) -> bytes:
    head, tail = b".*" if path.startswith("*") else b"", b".*" if path.endswith("/*") else b""
    stem = path[len(head) // 2 : len(path) - len(tail) // 2]
    return head + b"[^/]+".join(re.escape(part.encode()) for part in _SEGMENT.split(stem)) + tail


def _either(exact: frozenset[bytes], patterns: _PathTest | None) -> _PathTest:
    """Is it one of these, or does it pass that test?"""
    if patterns is None:
        return exact.__contains__
    if not exact:
        return patterns
    return lambda got: got in exact or patterns(got)


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
