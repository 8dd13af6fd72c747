"""Keying: everything that can change an answer -> SHA-256. What is not told apart here is answered alike.

A key is made of pieces, always the same number in the same order, each framed by its length, so that no two
different inputs encode alike. A piece names what it holds (pointers, fields): a changed configuration may find
old entries again only where both readings of the request are the same question.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.model.settings.route import RouteSettings
from gateway.policy.bodykey import BodyKey
from gateway.policy.coding import preference
from gateway.policy.document import Document
from gateway.policy.hops import connection_options
from gateway.policy.querykey import QueryKey
from gateway.policy.routing import host_of

KEY_VERSION = b"ragfront key 1"
_VARIANT_DOMAIN = b"ragfront variant 1"
_DOCUMENTS_DOMAIN = b"ragfront documents 1"

# Who asks. Beside the usual credentials: what gateways and identity-aware proxies in front of us put in their place.
CREDENTIALS = frozenset(
    {
        b"authorization", b"cookie",
        b"x-api-key", b"api-key", b"apikey", b"x-goog-api-key", b"ocp-apim-subscription-key",
        b"x-auth-token", b"x-access-token", b"x-amz-security-token", b"x-session-token",
        b"x-user", b"x-user-id", b"x-tenant", b"x-tenant-id", b"x-org-id", b"x-organization-id",
        b"openai-organization", b"openai-project", b"x-scope-orgid",
        b"remote-user", b"x-remote-user", b"x-forwarded-user", b"x-forwarded-email", b"x-forwarded-groups",
        b"x-forwarded-access-token", b"x-forwarded-client-cert",
        b"x-auth-request-user", b"x-auth-request-email", b"x-auth-request-groups", b"x-auth-request-access-token",
        b"x-authenticated-userid", b"x-consumer-id", b"x-credential-identifier",
        b"x-amzn-oidc-identity", b"x-ms-client-principal", b"x-ms-client-principal-id",
        b"cf-access-jwt-assertion", b"x-goog-iap-jwt-assertion",
    }
)  # fmt: skip

# Fields that turn a request into another one, or (Origin) steer what browsers may do with the answer, although
# services seldom say so in Vary. Left out of the key, they are the textbook ways to poison a shared cache.
ALWAYS = frozenset(
    {
        b"origin", b"x-http-method-override", b"x-http-method", b"x-method-override",
        b"x-original-url", b"x-rewrite-url",
    }
)  # fmt: skip


class _Pieces(NamedTuple):
    """What is hashed, in this order."""

    method: bytes
    origin: bytes
    path: bytes
    query: list[bytes] | None
    fields: list[bytes]
    media_type: bytes
    domain: bytes
    body: bytes


class Keyer:
    """One route's keys. carried: names of the fields that a call aside may carry: those in the key, and credentials."""

    __slots__ = ("_body", "_counts", "_prefix", "_query", "_secret", "_shown", "carried")

    def __init__(self, route: RouteSettings) -> None:
        settings = route.key
        identity: frozenset[bytes]
        if settings.identity == "credentials":
            identity = CREDENTIALS
        elif settings.identity == "shared":
            identity = frozenset()
        else:
            identity = frozenset(name.encode() for name in settings.identity)
        self._counts = ALWAYS | identity | {name.encode() for name in settings.headers}
        self._secret = CREDENTIALS | identity
        self.carried = self._counts | CREDENTIALS
        self._query = QueryKey(settings)
        self._body = BodyKey(settings)
        self._shown = (route.name, route.upstream)
        # The upstream's name is in: a route that is pointed at another service must not go on with the old answers.
        self._prefix = sha256(frame([KEY_VERSION, route.name.encode(), route.upstream.encode()]))

    def key(self, request: Request, body: bytes, document: Document) -> bytes:
        """The request's key, 32 bytes. body, document: the whole body, and what it is as JSON."""
        pieces = self._pieces(request, body, document)
        digest = self._prefix.copy()
        digest.update(
            frame(
                [
                    pieces.method,
                    pieces.origin,
                    pieces.path,
                    b"" if pieces.query is None else b"?" + frame(pieces.query),
                    frame(pieces.fields),
                    pieces.media_type,
                    pieces.domain,
                    pieces.body,
                ]
            )
        )
        return digest.digest()

    def variant(self, key: bytes, names: Sequence[bytes], request: Request) -> bytes:
        """The secondary key of an answer that varies on the fields `names` (RFC 9111 section 4.1), 32 bytes."""
        gone = connection_options(request.fields)
        parts = [_VARIANT_DOMAIN, key]
        for name in sorted({name.lower() for name in names}):
            value = None if name in gone else request.fields.joined(name)
            parts += [name, b"" if value is None else b"=" + _alike(name, value)]
        return sha256(frame(parts)).digest()

    def canonical(self, request: Request, body: bytes, document: Document) -> dict[str, Any]:
        """What the key is made of, for people. Credentials are shown as the beginning of their SHA-256."""
        pieces = self._pieces(request, body, document)
        names, values = pieces.fields[::2], pieces.fields[1::2]
        return {
            "version": KEY_VERSION.decode(),
            "route": self._shown[0],
            "upstream": self._shown[1],
            "method": _text(pieces.method),
            "origin": _text(pieces.origin),
            "path": _text(pieces.path),
            "query": None if pieces.query is None else [_text(parameter) for parameter in pieces.query],
            "fields": [
                [_text(name), _masked(value) if name in self._secret else _text(value)]
                for name, value in zip(names, values, strict=True)
            ],
            "media_type": _text(pieces.media_type),
            "body": {"read_as": _text(pieces.domain), "content": _text(pieces.body)},
        }

    def _pieces(self, request: Request, body: bytes, document: Document) -> _Pieces:
        fields = request.fields
        # What Connection names does not reach the upstream: keyed as present, its absence would be
        # answered under the name of its value.
        gone = connection_options(fields)
        domain, content = self._body.piece(body, document)
        return _Pieces(
            method=request.method,
            # Host is passed on by default and may choose the tenant. Without its port, in which only
            # the replicas of one gateway differ.
            origin=request.scheme + b"://" + host_of(request.authority),
            path=request.path,
            query=self._query.piece(request.query),
            fields=self._chosen(fields, gone),
            media_type=b"" if b"content-type" in gone else _media_type(fields.joined(b"content-type") or b""),
            domain=domain,
            body=content,
        )

    def _chosen(self, fields: Fields, gone: frozenset[bytes]) -> list[bytes]:
        """The fields that count: name, value, name, value ...; sorted by name, lines of one name in their order."""
        counts = self._counts
        # WSGI and CGI services read X_Api_Key as X-Api-Key: what may pass for a field counts as that field.
        chosen = [
            (name, value)
            for raw, value in fields.pairs
            if (name := raw.lower().replace(b"_", b"-")) in counts and name not in gone
        ]
        chosen.sort(key=lambda pair: pair[0])
        return [part for pair in chosen for part in pair]


def frame(parts: Sequence[bytes]) -> bytes:
    """Byte strings -> one, from which they can be told again: each behind its length."""
    return b"".join([b"%d:%b" % (len(part), part) for part in parts])


_JSON = b"json"
_COMMON_TYPES = {b"": b"", b"application/json": _JSON, b"application/json; charset=utf-8": _JSON}


def _media_type(value: bytes) -> bytes:
    """Content-Type as far as it changes what a body means.

    The same bytes are a form to one parser and JSON to the next, so it counts; but JSON has no parameters
    (RFC 8259 section 11), and clients do send `charset` in many spellings.
    """
    known = _COMMON_TYPES.get(value)
    if known is not None:
        return known
    essence, _, parameters = value.partition(b";")
    essence = essence.strip(b" \t").lower()
    return _JSON if essence == b"application/json" else b"=" + essence + b";" + parameters.strip(b" \t")


_LISTS = frozenset({b"accept", b"accept-charset", b"accept-language"})


def _alike(name: bytes, value: bytes) -> bytes:
    """A field's value, spelled alike where the specification says that it means the same."""
    if name == b"accept-encoding":
        return preference(value)
    if name in _LISTS and b'"' not in value:
        parts = (b"".join(part.split()) for part in value.lower().split(b","))
        return b",".join(part for part in parts if part)
    return value.strip(b" \t")


def _masked(secret: bytes) -> str:
    return f"sha256:{sha256(secret).hexdigest()[:12]}"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def documents_key(key: bytes) -> bytes:
    """Under which the documents of an answer are remembered, given the answer's own key."""
    return sha256(frame([_DOCUMENTS_DOMAIN, key])).digest()
