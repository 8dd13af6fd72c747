"""Keys of a shared HTTP cache: the target URI, and for variants what the request says on the fields they vary on.

GET and HEAD have one key: an answer to GET serves both (RFC 9111 sections 2 and 4).
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from gateway.model.exchange import Request
from gateway.model.settings.route import RouteSettings
from gateway.policy.document import Document
from gateway.policy.http.uri import target_uri
from gateway.policy.http.vary import selecting
from gateway.policy.keying import ALWAYS, CREDENTIALS, frame

KEY_VERSION = b"ragfront http key 1"
_VARIANT_DOMAIN = b"ragfront http variant 1"
_APART_DOMAIN = b"ragfront http apart 1"
_PARTS_DOMAIN = b"ragfront http parts 1"

TURNED = ALWAYS - {b"origin"}
"""Fields that some services take for another method or path. Requests that bear one are not looked up."""


def parts_key(key: bytes) -> bytes:
    """Under what the parts of an answer stand that is not whole (policy/http/parts), 32 bytes. key: the primary one."""
    return sha256(frame([_PARTS_DOMAIN, key])).digest()


class HttpKeyer:
    """One route's keys, with what `keying.Keyer` offers. implied: fields on which all its answers vary, unsaid."""

    __slots__ = ("_implied", "_named", "_prefix", "carried")

    def __init__(self, route: RouteSettings) -> None:
        settings = route.key
        named = () if isinstance(settings.identity, str) else settings.identity
        self._implied = tuple(sorted({name.encode() for name in (*settings.headers, *named)}))
        self._named = (route.name, route.upstream)
        self.carried = CREDENTIALS | frozenset(self._implied)
        # What is told apart is in it: where the settings change, answers that were everybody's are so no more.
        identity = (settings.identity,) if isinstance(settings.identity, str) else ()
        told_apart = frame([name.encode() for name in identity] + list(self._implied))
        self._prefix = sha256(frame([KEY_VERSION, route.name.encode(), route.upstream.encode(), told_apart]))

    def key(self, request: Request, body: bytes = b"", document: Document | None = None) -> bytes:
        """The primary key of a request's target URI, 32 bytes. body, document: not looked at."""
        return self.of_uri(target_uri(request))

    def of_uri(self, uri: bytes) -> bytes:
        """The primary key of a URI that is normalised (policy/http/uri)."""
        digest = self._prefix.copy()
        digest.update(frame([uri]))
        return digest.digest()

    def vary(self, names: Sequence[bytes]) -> tuple[bytes, ...]:
        """On which fields an answer varies that says that it varies on these."""
        return tuple(sorted({*names, *self._implied}))

    def variant(self, key: bytes, names: Sequence[bytes], request: Request) -> bytes:
        """The secondary key of an answer that varies on the fields `names` (RFC 9111 section 4.1), 32 bytes."""
        said = [part for pair in selecting(names, request) for part in pair]
        return sha256(frame([_VARIANT_DOMAIN, key, *said])).digest()

    def apart(self, key: bytes, request: Request) -> bytes:
        """Under what one who bears credentials asks, so that nobody waits for an answer that is another's alone."""
        borne = [part for name in sorted(CREDENTIALS) for part in (name, request.fields.joined(name) or b"")]
        return sha256(frame([_APART_DOMAIN, key, *borne])).digest()

    def canonical(self, request: Request, body: bytes, document: Document) -> dict[str, Any]:
        """What the key is made of, for people."""
        return {
            "version": KEY_VERSION.decode(),
            "route": self._named[0],
            "upstream": self._named[1],
            "uri": target_uri(request).decode("utf-8", "backslashreplace"),
        }
