"""Vary: which of several stored answers to one URI fits a request (RFC 9111 section 4.1)?

Two requests are alike where the fields that the answer varies on are alike, after they have been put into one
spelling. That goes no further than what a field's own definition says is the same. The order of an Accept or an
Accept-Language is kept, although weights alone should count: many services take the first of two that weigh alike.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.hops import connection_options
from gateway.policy.http.dates import http_date
from gateway.policy.storing import vary_names

Selecting = tuple[tuple[bytes, bytes], ...]

ABSENT = b""
"""How a field that is not there is spelled: unlike any that is, an empty one included."""

_LISTS = frozenset({b"accept", b"accept-charset", b"accept-encoding", b"accept-language"})
_UNORDERED = frozenset({b"accept-charset", b"accept-encoding"})
_WEIGHT = re.compile(rb"q=(?:(1)(?:\.0{0,3})?|0(?:\.([0-9]{0,3}))?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """One of the stored answers to a URI.

    fields: its own. selecting: what `selecting` made of the request it was stored for; () where it varies on nothing.
    received: Unix seconds; stands in for a missing Date.
    """

    fields: Fields
    selecting: Selecting = ()
    status: int = 200
    received: float = -inf

    @property
    def made(self) -> float:
        """When it was made, in Unix seconds."""
        date = http_date(self.fields.joined(b"date") or b"")
        return self.received if date is None else date


def normalized(name: bytes, value: bytes | None) -> bytes:
    """A request field's value in the one spelling that all of its equals have.

    name: in lower case. value: all lines joined; None, and then ABSENT, where there is no such field.
    """
    if value is None:
        return ABSENT
    value = value.strip(b" \t")
    if name in _LISTS and b'"' not in value:
        members = [_member(part) for part in value.split(b",") if part.strip(b" \t")]
        value = b",".join(sorted(set(members)) if name in _UNORDERED else members)
    return b"=" + value


def selecting(names: Iterable[bytes], request: Request) -> Selecting:
    """What a request has to say on the fields that an answer varies on. names: in lower case.

    A field that Connection lists ends here, and the upstream answers as if it were not there.
    """
    fields, gone = request.fields, connection_options(request.fields)
    return tuple((name, normalized(name, None if name in gone else fields.joined(name))) for name in sorted(set(names)))


def choose(variants: Sequence[StoredVariant], request: Request) -> int | None:
    """The index of the stored answer to use; None where none fits. Of several, the one that was made last."""
    return max(fitting(variants, request), key=lambda i: (variants[i].made, i), default=None)


def fitting(variants: Sequence[StoredVariant], request: Request) -> list[int]:
    """The indices of those stored answers that fit a request.

    One that bears no Vary while others do was left without by mistake: it has to fit by the latest Vary that there
    is, or it would be everybody's. `Vary: *` fits nobody.
    """
    varying = [variant for variant in variants if vary_names(variant.fields)]
    latest = max(varying, key=lambda variant: variant.made, default=None)
    otherwise = () if latest is None else vary_names(latest.fields) or ()
    return [i for i, variant in enumerate(variants) if _fits(variant, request, otherwise)]


def _fits(variant: StoredVariant, request: Request, otherwise: tuple[bytes, ...]) -> bool:
    names = vary_names(variant.fields)
    if names is None:
        return False
    stored_for = dict(variant.selecting)
    return all(stored_for.get(name) == asked for name, asked in selecting(names or otherwise, request))


def _member(part: bytes) -> bytes:
    """`Gzip ; Q=0.50` -> `gzip;q=0.5`. A weight of 1 says nothing and goes; a parameter's value keeps its case."""
    name, *parameters = (piece.strip(b" \t") for piece in part.split(b";"))
    return b"".join([name.lower(), *(_parameter(each) for each in parameters if each)])


def _parameter(parameter: bytes) -> bytes:
    weight = _WEIGHT.fullmatch(parameter)
    if weight is None:
        name, equals, value = parameter.partition(b"=")
        return b";" + name.lower() + equals + value
    if weight[1]:
        return b""
    thousandths = (weight[2] or b"").rstrip(b"0")
    return b";q=0." + thousandths if thousandths else b";q=0"
