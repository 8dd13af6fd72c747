"""Ranges: a part of a stored answer for who asks for a part (RFC 9110 section 14).

A server may always send the whole instead, so whatever is odd is ignored: units other than bytes, ranges that are
malformed, too many, or overlapping more than a mistake would. If-Range stands in `conditional`, and what is made of
parts that were stored in `combining`.
"""

import re
from enum import Enum
from typing import NamedTuple

from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs

MOST_RANGES = 16
"""More in one request are ignored (section 14.2): each costs a head of its own, and no honest client needs them."""

_CLOSE = 80
"""Bytes between two ranges that are sent along rather than left out: a part's head takes as many (section 15.3.7.2)."""

_MOST_OVERLAPS = 2
_DIGITS = 18  # what does not fit into 64 bits lies behind the end of everything
_SET = re.compile(rb"bytes=(.*)", re.IGNORECASE | re.DOTALL)
_SPEC = re.compile(rb"([0-9]*)-([0-9]*)")

OF_THE_WHOLE = frozenset({b"content-length", b"content-range", b"content-digest", b"content-md5"})
"""Of the whole and not of a part: what is made anew for it, and digests of the content (RFC 9530 section 2)."""


class Spec(NamedTuple):
    """One range as it was asked for: `first-last`, `first-` (last None) or `-last` (first None: so many at the end)."""

    first: int | None
    last: int | None


class Part(NamedTuple):
    """Offsets of a part's first and last byte."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """Bytes in it, at least one."""
        return self.last - self.first + 1

    @property
    def span(self) -> range:
        """The offsets of its bytes."""
        return range(self.first, self.last + 1)


class Instead(Enum):
    """What a client gets who cannot have the parts."""

    WHOLE = "whole"  # the range is ignored: 200
    UNSATISFIABLE = "unsatisfiable"  # 416


class Partial(NamedTuple):
    """A 206: its fields, without Content-Length, and its body."""

    fields: Pairs
    body: bytes


def requested(request: Request) -> tuple[Spec, ...] | None:
    """The ranges that a request asks for; None where it asks for none that are to be looked at. GET alone has any."""
    value = request.fields.joined(b"range")
    return None if value is None or request.method != b"GET" else parse(value)


def parse(value: bytes) -> tuple[Spec, ...] | None:
    """A Range field's value -> its ranges in order; None where it is to be ignored (section 14.2)."""
    found = _SET.fullmatch(value.strip(b" \t"))
    listed = [text for each in found[1].split(b",") if (text := each.strip(b" \t"))] if found else []
    if not listed or len(listed) > MOST_RANGES:
        return None
    specs = [_spec(text) for text in listed]
    return tuple(spec for spec in specs if spec is not None) if None not in specs else None


def satisfy(ranges: tuple[Spec, ...], size: int) -> tuple[Part, ...] | Instead:
    """The parts to send of a body of `size` bytes: in the order asked for, those that touch put together.

    Ranges that lie behind the end are left out. An empty body is sent whole: it has no part, and nothing is gained
    by telling so (some clients put a range on everything).
    """
    if size == 0:
        return Instead.WHOLE
    asked = [part for spec in ranges if (part := _part(spec, size)) is not None]
    if not asked:
        return Instead.UNSATISFIABLE
    if _overlaps(asked) > _MOST_OVERLAPS:
        return Instead.WHOLE
    return _coalesced(asked)


def content_range(part: Part, size: int | None) -> bytes:
    """`bytes 0-99/1234`; size None where nobody knows the whole (section 14.4)."""
    return b"bytes %d-%d/%b" % (part.first, part.last, b"*" if size is None else b"%d" % size)


def unsatisfied(size: int) -> bytes:
    """The Content-Range of a 416 (section 15.5.17)."""
    return b"bytes */%d" % size


def partial(fields: Fields, body: bytes, parts: tuple[Part, ...], boundary: bytes) -> Partial:
    """The 206 that holds these parts of a stored answer (section 15.3.7).

    fields, body: of the answer as it would be sent whole, in the content coding in which it would be sent.
    boundary: for several parts; up to 70 letters and digits that do not occur in the body.
    """
    kept = tuple([pair for pair in fields.pairs if pair[0].lower() not in OF_THE_WHOLE])
    size = len(body)
    if len(parts) == 1:
        only = parts[0]
        return Partial((*kept, (b"Content-Range", content_range(only, size))), body[only.first : only.last + 1])
    media_type = fields.get(b"content-type")
    about = b"" if media_type is None else b"Content-Type: " + media_type + b"\r\n"
    pieces = [
        b"--%b\r\n%bContent-Range: %b\r\n\r\n%b\r\n"
        % (boundary, about, content_range(part, size), body[part.first : part.last + 1])
        for part in parts
    ]
    kept = tuple([pair for pair in kept if pair[0].lower() != b"content-type"])
    told = (b"Content-Type", b"multipart/byteranges; boundary=" + boundary)
    return Partial((*kept, told), b"".join(pieces) + b"--" + boundary + b"--\r\n")


def _spec(text: bytes) -> Spec | None:
    """One member of the list; None where it is malformed, or ends before it begins (section 14.1.1)."""
    found = _SPEC.fullmatch(text)
    if found is None or text == b"-":
        return None
    first, last = (_number(digits) if digits else None for digits in found.groups())
    return None if first is not None and last is not None and last < first else Spec(first, last)


def _number(digits: bytes) -> int:
    digits = digits.lstrip(b"0") or b"0"
    return int(digits) if len(digits) <= _DIGITS else int(10**_DIGITS)


def _part(spec: Spec, size: int) -> Part | None:
    """What of a body of `size` bytes, at least one, a range names; None where nothing (section 14.1.2)."""
    if spec.first is None:
        return Part(max(0, size - spec.last), size - 1) if spec.last else None
    if spec.first >= size:
        return None
    return Part(spec.first, size - 1 if spec.last is None else min(spec.last, size - 1))


def _overlaps(parts: list[Part]) -> int:
    """How many parts share a byte with the one that lies before them."""
    ordered, end, count = sorted(parts), -1, 0
    for part in ordered:
        count += part.first <= end
        end = max(end, part.last)
    return count


def _coalesced(asked: list[Part]) -> tuple[Part, ...]:
    """Parts that touch, or nearly do, as one, each where the first of its members was asked for (section 15.3.7.2)."""
    merged: list[Part] = []
    for part in sorted(asked):
        if merged and part.first <= merged[-1].last + 1 + _CLOSE:
            merged[-1] = Part(merged[-1].first, max(part.last, merged[-1].last))
        else:
            merged.append(part)
    return tuple(sorted(merged, key=lambda whole: next(i for i, part in enumerate(asked) if part.first in whole.span)))
