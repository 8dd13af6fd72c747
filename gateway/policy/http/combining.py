"""Combining: parts of one representation that came one by one (RFC 9111 section 3.4, RFC 9110 section 15.3.7.3).

Parts belong together only where all bear the same strong entity tag. A date is no proof of that, and a weak tag says
that bytes may differ.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.fields import Fields
from gateway.policy.http.conditional import strong_tag
from gateway.policy.http.ranges import Part

MOST = 64
"""Parts of one representation, the largest ones: each request reads and writes all, and bytes that are asked for one by
one must not make that longer and longer.
"""

_CONTENT_RANGE = re.compile(rb"bytes +([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part that is held.

    first: offset of its first byte. body: at least one byte. size: of the whole; None where nobody has told.
    tag: the strong entity tag it bears, with its quotes.
    """

    first: int
    body: bytes
    size: int | None
    tag: bytes

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.first + len(self.body)


def fragment(status: int, fields: Fields, body: bytes) -> Fragment | None:
    """The part that a 206 holds, its body whole; None where it cannot be combined with any other.

    That is: no strong entity tag, several parts in one body, or a Content-Range that is not what came.
    """
    tag = strong_tag(fields)
    found = _CONTENT_RANGE.fullmatch((fields.joined(b"content-range") or b"").strip(b" \t"))
    if status != 206 or tag is None or found is None:
        return None
    first, last = int(found[1]), int(found[2])
    size = None if found[3] == b"*" else int(found[3])
    if last - first + 1 != len(body) or not body or (size is not None and last >= size):
        return None
    return Fragment(first, body, size, tag)


def combine(stored: Sequence[Fragment], new: Fragment) -> bytes | tuple[Fragment, ...]:
    """What is held once `new` has come: the whole body, where nothing is missing any more, or the parts, in order.

    Those that touch become one. What is stored goes where it is of another representation than the new part, or
    contradicts it: of two that bear one tag and differ, the newer is believed. Fields: see `validation.freshened`.
    """
    kept = [each for each in stored if each.tag == new.tag]
    sizes = {each.size for each in (*kept, new)} - {None}
    if len(sizes) > 1 or any(_contradicts(each, new) for each in kept):
        kept, sizes = [], {new.size} - {None}
    size = next(iter(sizes), None)
    merged: list[Fragment] = []
    for each in sorted((*kept, new), key=lambda part: part.first):
        if merged and each.first <= merged[-1].end:
            before = merged[-1]
            body = before.body + each.body[max(0, before.end - each.first) :]
            merged[-1] = Fragment(before.first, body, size, new.tag)
        else:
            merged.append(Fragment(each.first, each.body, size, new.tag))
    if size is not None and merged[-1].end > size:
        return (new,)
    if merged[0].first == 0 and merged[0].end == size:
        return merged[0].body
    largest = sorted(merged, key=lambda part: len(part.body))[-MOST:]
    return tuple(sorted(largest, key=lambda part: part.first))


def held(stored: Sequence[Fragment], part: Part) -> bytes | None:
    """The bytes of a part, where one of those that are stored has all of them."""
    for each in stored:
        if each.first <= part.first and part.last < each.end:
            return each.body[part.first - each.first : part.last + 1 - each.first]
    return None


def _contradicts(stored: Fragment, new: Fragment) -> bool:
    """Whether two parts say different things about the same offsets."""
    start, end = max(stored.first, new.first), min(stored.end, new.end)
    if start >= end:
        return False
    return stored.body[start - stored.first : end - stored.first] != new.body[start - new.first : end - new.first]
