"""Conditions: what does a stored answer say to a request that bears some (RFC 9110 section 13, RFC 9111 4.3.2)?"""

import re
from enum import Enum

from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs
from gateway.policy.http.dates import http_date

# A list's members as section 8.8.3 writes them; a comma may stand in a tag. What is none is passed over.
_TAG = re.compile(rb'(?:^|,)[ \t]*+((?:W/)?"[^"]*+")[ \t]*+(?=,|$)', re.DOTALL)
_ONE_TAG = re.compile(rb'(?:W/)?"[^"]*+"', re.DOTALL)

# What a 304 bears of what a 200 would (section 15.4.5), and what governs caches behind us (RFC 9213).
_TOLD = frozenset(
    {b"cache-control", b"cdn-cache-control", b"content-location", b"date", b"etag", b"expires", b"vary"}
)  # fmt: skip


class Verdict(Enum):
    """What becomes of a conditional request."""

    PROCEED = "proceed"  # as if it bore no conditions
    NOT_MODIFIED = "not-modified"  # 304: the client has it
    PRECONDITION_FAILED = "precondition-failed"  # 412: not what the client took it for


def entity_tags(value: bytes) -> tuple[bytes, ...]:
    """The entity tags of a list, with quotes and `W/`, in order."""
    return tuple(_TAG.findall(value.strip(b" \t")))


def entity_tag(fields: Fields) -> bytes | None:
    """An answer's entity tag; None where it has none, several, or a malformed one."""
    lines = fields.all(b"etag")
    tag = lines[0].strip(b" \t") if len(lines) == 1 else b""
    return tag if _ONE_TAG.fullmatch(tag) else None


def strong_tag(fields: Fields) -> bytes | None:
    """An answer's entity tag where it is a strong one, else None (section 8.8.1)."""
    tag = entity_tag(fields)
    return None if tag is None or tag.startswith(b"W/") else tag


def opaque(tag: bytes) -> bytes:
    """What weak comparison compares (section 8.8.3.2)."""
    return tag.removeprefix(b"W/")


def is_for_the_origin(request: Request) -> bool:
    """Whether a request bears a condition that a cache does better not to judge: If-Match, If-Unmodified-Since.

    RFC 9111 section 4.3.2: they do not concern caches. They ask for the present state, and a stored answer is the
    present state only as far as it is fresh: a 412 out of a cache may be wrong, so such a request is forwarded.
    """
    return b"if-match" in request.fields or b"if-unmodified-since" in request.fields


def evaluate(request: Request, fields: Fields, status: int = 200, received: float | None = None) -> Verdict:
    """The verdict of a stored answer on a request's conditions, in the order of RFC 9110 section 13.2.2.

    fields, status: of the stored answer. Conditions count only where it is a 200 (section 13.2.1).
    received: Unix seconds; stands in for a missing Date.
    If-Match and If-Unmodified-Since are judged as an origin would that has just this: see `is_for_the_origin`.
    """
    if status != 200:
        return Verdict.PROCEED
    asked = request.fields
    match, unmodified = asked.joined(b"if-match"), asked.joined(b"if-unmodified-since")
    if match is not None:
        if not _matches(match, fields):
            return Verdict.PRECONDITION_FAILED
    elif unmodified is not None and _newer(unmodified, _date(fields, b"last-modified")):
        return Verdict.PRECONDITION_FAILED
    reading = request.method in (b"GET", b"HEAD")
    none_match, since = asked.joined(b"if-none-match"), asked.joined(b"if-modified-since")
    if none_match is not None:
        if not names_it(none_match, fields):
            return Verdict.PROCEED
        return Verdict.NOT_MODIFIED if reading else Verdict.PRECONDITION_FAILED
    if reading and since is not None and _newer(since, _last_known(fields, received)) is False:
        return Verdict.NOT_MODIFIED
    return Verdict.PROCEED


def range_applies(request: Request, fields: Fields) -> bool:
    """Whether a request's Range may be answered with a part: no If-Range, or one that names just this (13.1.5).

    Comparison is strong, and a date has to be the very Last-Modified, at least a second older than Date: of two
    changes within one second it would name both (section 8.8.2.2).
    """
    value = request.fields.joined(b"if-range")
    if value is None:
        return True
    value = value.strip(b" \t")
    if _ONE_TAG.fullmatch(value):
        return value == strong_tag(fields)
    changed, made = _date(fields, b"last-modified"), _date(fields, b"date")
    named = (fields.get(b"last-modified") or b"").strip(b" \t")
    return changed is not None and made is not None and made - changed >= 1 and value == named


def not_modified_fields(fields: Fields) -> Pairs:
    """The fields of a stored 200 that a 304 made of it bears, in order (section 15.4.5).

    The others are about a body that does not come. Last-Modified helps caches behind us where there is no entity tag.
    """
    told = _TOLD if entity_tag(fields) else _TOLD | {b"last-modified"}
    return tuple([pair for pair in fields.pairs if pair[0].lower() in told])


def _matches(value: bytes, fields: Fields) -> bool:
    """If-Match: any representation, or one whose tag is listed, compared strongly (section 13.1.1)."""
    return value.strip(b" \t") == b"*" or strong_tag(fields) in entity_tags(value)


def names_it(value: bytes, fields: Fields) -> bool:
    """Whether If-None-Match names what is stored, compared weakly (section 13.1.2)."""
    if value.strip(b" \t") == b"*":
        return True
    tag = entity_tag(fields)
    return tag is not None and opaque(tag) in {opaque(each) for each in entity_tags(value)}


def _newer(value: bytes, changed: float | None) -> bool | None:
    """Whether what was changed then is newer than a date; None where either is none, and the condition is ignored."""
    since = http_date(value)
    return None if since is None or changed is None else changed > since


def _last_known(fields: Fields, received: float | None) -> float | None:
    """When what is stored was there for certain: Last-Modified, else Date, else `received` (RFC 9111 4.3.2)."""
    if b"last-modified" in fields:
        return _date(fields, b"last-modified")
    made = _date(fields, b"date")
    return received if made is None else made


def _date(fields: Fields, name: bytes) -> float | None:
    """None where there is no such field, several, or no date in it."""
    value = fields.joined(name)
    return None if value is None else http_date(value)
