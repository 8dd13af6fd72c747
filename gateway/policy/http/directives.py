"""Directives: which field governs an answer's storing and freshness, and what it says (RFC 9111 5.2, RFC 9213)."""

from typing import Self

from gateway.model.fields import Fields
from gateway.policy.cachecontrol import CacheControl
from gateway.policy.http.dictionary import Kind, Value, dictionary

CDN = (b"cdn-cache-control",)
"""The targeted fields that we obey, by precedence (RFC 9213 section 3.1)."""

_LISTS_FIELDS = frozenset({b"private", b"no-cache"})

# A stored answer cannot be read, told apart or aged without these, so it is of no use without them.
_NEEDED = frozenset(
    {
        b"age", b"cache-control", b"content-encoding", b"content-length", b"content-location", b"content-range",
        b"content-type", b"date", b"etag", b"expires", b"last-modified", b"location", b"vary",
    }
)  # fmt: skip


class Directives(CacheControl):
    """The directives that govern. targeted: a field meant for caches like us, so that Expires counts no more."""

    __slots__ = ("targeted",)

    def __init__(self, value: bytes | None) -> None:
        super().__init__(value)
        self.targeted = False

    @classmethod
    def targeting(cls, members: dict[bytes, Value]) -> Self:
        """From the members of a targeted field."""
        made = cls.of({name: [_argument(name, value)] for name, value in members.items() if value != _FALSE})
        made.targeted = True
        return made

    @property
    def private(self) -> bool:
        """Whether the whole answer is for one user only (RFC 9111 section 5.2.2.7)."""
        return self.has(b"private") and not self._names(b"private")

    @property
    def no_cache(self) -> bool:
        """Whether the whole answer has to be validated before each use (RFC 9111 section 5.2.2.4)."""
        return self.has(b"no-cache") and not self._names(b"no-cache")

    @property
    def withheld(self) -> frozenset[bytes]:
        """Names of fields that a shared cache does not store.

        Those that `private` lists are for one user. Those that `no-cache` lists may be sent once they are validated;
        a validation brings them anew, so nothing is lost where they are not kept.
        """
        return self._names(b"private") | self._names(b"no-cache")

    def _names(self, name: bytes) -> frozenset[bytes]:
        """What a directive is limited to; nothing where it stands for all, or lists what an answer needs itself."""
        names = self.limited_to(name)
        return names if names is not None and names.isdisjoint(_NEEDED) else frozenset()


_WRONG = b"?"
_FALSE = Value(Kind.BOOLEAN, b"0")


def governing(fields: Fields, targets: tuple[bytes, ...] = CDN) -> Directives:
    """The directives of an answer with these fields.

    The first targeted field that is there, well-formed and not empty takes the place of Cache-Control and of Expires
    (RFC 9213 section 2.2), also of their `no-store`: its author has said what caches like us are to do.

    targets: lower-case names, by precedence; () where the route obeys none.
    """
    for target in targets:
        value = fields.joined(target)
        members = dictionary(value) if value is not None else None
        if members:
            return Directives.targeting(members)
    return Directives(fields.joined(b"cache-control"))


def _argument(name: bytes, value: Value) -> bytes:
    """A member's value as an argument. What has the wrong type is no number of seconds and no list of names.

    So `max-age="60"` makes stale here, other than in Cache-Control (RFC 9213 section 2.1).
    """
    if value.kind is Kind.BOOLEAN:
        return b""
    if value.kind is Kind.INTEGER:
        return value.text
    if value.kind is Kind.STRING and name in _LISTS_FIELDS:
        return b'"' + value.text + b'"'
    return _WRONG
