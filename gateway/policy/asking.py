"""Asking: what is kept of a request so that its question can be asked again later, on nobody's behalf. No I/O.

It is written to disk or to Redis, so nothing is kept that may be a credential: of the fields only such as are known to
be harmless, and those that a route's key names. Where what is left does not come to the same key, the request asks
something else than its question, and is not kept at all: with `identity: credentials`, whatever bears some. Nor is one
whose query or body has a member that is called like a secret.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs
from gateway.model.settings.route import RouteSettings
from gateway.policy.document import parse
from gateway.policy.http.keys import HttpKeyer
from gateway.policy.keying import CREDENTIALS, Keyer

LARGEST = 64 << 10
"""Bytes of body; a longer question is not kept."""

_VERSION = 1
_HARMLESS = frozenset({b"content-type", b"accept", b"accept-encoding", b"accept-language"})
_SECRET = (
    rb"[\w.-]*api[_-]?key|apikey|(?:[\w.-]*[._-])?(?:access|auth|id|refresh|session|bearer)?[_-]?token"
    rb"|authorization|(?:[\w.-]*[._-])?(?:password|passwd|secret|credentials?)|client[_-]?secret"
)
_SECRET_MEMBER = re.compile(rb'(?i)"(?:' + _SECRET + rb')"\s*:')
_SECRET_PARAMETER = re.compile(rb"(?i)(?:" + _SECRET + rb"|key|auth|sig|signature|code)")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")  # RFC 9110 section 5.6.2
_TARGET = re.compile(r"/[\x21-\x7e\x80-\xff]*")
_AUTHORITY = re.compile(r"[A-Za-z0-9._~%:\[\]-]*")
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?|")


@dataclass(slots=True, frozen=True)
class Asking:
    """A question. target: in origin form. authority: the Host that it was asked of."""

    method: bytes
    target: bytes
    scheme: bytes
    authority: bytes
    fields: Pairs
    body: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return (
            500 + len(self.target) + len(self.body) + sum(100 + len(name) + len(value) for name, value in self.fields)
        )

    def request(self) -> Request:
        """As a request, of nobody."""
        host = ((b"Host", self.authority), (b"Content-Length", b"%d" % len(self.body)))
        path, mark, query = self.target.partition(b"?")
        fields = Fields((*host[: 1 + bool(self.body)], *self.fields))
        return Request(
            self.method, self.target, (1, 1), fields, path, query if mark else None, self.authority, self.scheme, ""
        )


Counted = tuple[Asking, float]
"""A question, and how often it came."""


def asking(
    route: RouteSettings, keyer: Keyer | HttpKeyer, request: Request, body: bytes
) -> tuple[bytes, Asking] | None:
    """The key of what a request asks, and what is kept of it; None where it must not be kept."""
    if not request.path.startswith(b"/") or len(body) > LARGEST or _tells_secrets(request.query, body):
        return None
    wanted = (_HARMLESS | {name.encode() for name in route.key.headers}) - CREDENTIALS
    kept = tuple(pair for pair in request.fields.pairs if pair[0].lower().replace(b"_", b"-") in wanted)
    target = request.path if request.query is None else b"%b?%b" % (request.path, request.query)
    found = Asking(request.method, target, request.scheme, request.authority, kept, body)
    document = parse(body)
    key = keyer.key(request, body, document)
    return (key, found) if keyer.key(found.request(), body, document) == key and _sound(found) else None


def _tells_secrets(query: bytes | None, body: bytes) -> bool:
    names = (unquote_to_bytes(part.partition(b"=")[0]) for part in re.split(b"[&;]", query or b""))
    return any(_SECRET_PARAMETER.fullmatch(name) for name in names) or _SECRET_MEMBER.search(body) is not None


def _sound(one: Asking) -> bool:
    """Whether it can be a request at all, and no two: what comes back from a store is not trusted."""
    return bool(
        _METHOD.fullmatch(one.method.decode("latin-1"))
        and _TARGET.fullmatch(one.target.decode("latin-1"))
        and _AUTHORITY.fullmatch(one.authority.decode("latin-1"))
        and one.scheme in (b"http", b"https")
        and len(one.body) <= LARGEST
        and all(_METHOD.fullmatch(n.decode("latin-1")) and _VALUE.fullmatch(v.decode("latin-1")) for n, v in one.fields)
    )


def encode(counted: Sequence[Counted]) -> bytes:
    """A record of questions and how often they came."""
    rows = [
        [
            count,
            *(part.decode("latin-1") for part in (one.method, one.target, one.scheme, one.authority, one.body)),
            [[name.decode("latin-1"), value.decode("latin-1")] for name, value in one.fields],
        ]
        for one, count in counted
    ]
    return orjson.dumps([_VERSION, rows])


def decode(record: bytes) -> list[Counted]:
    """What `encode` was given; nothing where it is no such record, or of another version. Never raises."""
    try:
        version, rows = orjson.loads(record)
        found = [_row(*row) for row in rows] if version == _VERSION else []
    except (ValueError, TypeError, AttributeError):
        return []
    return [(one, count) for one, count in found if _sound(one) and isfinite(count)]


def _row(count: Any, method: str, target: str, scheme: str, authority: str, body: str, fields: Any) -> Counted:
    pairs = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields)
    m, t, s, a, b = (text.encode("latin-1") for text in (method, target, scheme, authority, body))
    return Asking(m, t, s, a, pairs, b), float(count)
