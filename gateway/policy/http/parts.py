"""Parts: the record of what is held of a representation that is not whole yet (RFC 9111 sections 3.3 and 3.4).

It stands under a key of its own, so that nothing that looks for a whole answer ever meets it. `combining` says what
belongs together; this is how it is kept, and what is served from it.
"""

from collections.abc import Sequence
from dataclasses import replace

import orjson

from gateway.model.entry import Entry, head
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.http.combining import Fragment, held
from gateway.policy.http.conditional import range_applies, strong_tag
from gateway.policy.http.ranges import OF_THE_WHOLE, Instead, content_range, requested, satisfy

_OF_THE_PART = frozenset({b"content-range", b"content-length"})
_CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})


def about_the_whole(fields: Fields) -> Fields:
    """The fields of a 206 as the 200 would bear them."""
    return Fields(pair for pair in fields.pairs if pair[0].lower() not in _OF_THE_PART)


def packed(parts: Sequence[Fragment]) -> bytes:
    """The record's body: a line of JSON with the size of the whole, and first offset and length of each; the bytes."""
    told = {"size": parts[0].size, "parts": [[each.first, len(each.body)] for each in parts]}
    return orjson.dumps(told) + b"\n" + b"".join([each.body for each in parts])


def fragments(record: Entry | None) -> tuple[Fragment, ...]:
    """What a record holds, in order; () for None, and for a record that is not one."""
    tag = None if record is None else strong_tag(Fields(record.fields))
    if record is None or tag is None:
        return ()
    line, _, data = record.body.partition(b"\n")
    found, start = [], 0
    try:
        told = orjson.loads(line)
        for first, length in told["parts"]:
            found.append(Fragment(int(first), data[start : start + length], told["size"], tag))
            start += length
    except (ValueError, TypeError, KeyError):
        return ()
    return tuple(found) if start == len(data) else ()


def served(record: Entry, request: Request) -> Entry | None:
    """The 206 that a request for one range gets of what is held; None where it has to be asked for."""
    ranges, fields, parts = requested(request), Fields(record.fields), fragments(record)
    size = parts[0].size if parts else None
    if ranges is None or size is None or request.fields.any_of(_CONDITIONS) or not range_applies(request, fields):
        return None
    wanted = satisfy(ranges, size)
    body = None if isinstance(wanted, Instead) or len(wanted) > 1 else held(parts, wanted[0])
    if body is None or isinstance(wanted, Instead):
        return None
    kept = [pair for pair in record.fields if pair[0].lower() not in OF_THE_WHOLE]
    pairs = (*kept, (b"Content-Range", content_range(wanted[0], size)))
    return replace(record, head=head(206, b"Partial Content", pairs), body=body)
