"""Presenting: a stored answer as this request wants it: whole, a part, without a body, or not at all (304)."""

from dataclasses import replace
from typing import NamedTuple

from gateway.model.entry import Entry, head
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.http.conditional import Verdict, evaluate, not_modified_fields, range_applies
from gateway.policy.http.ranges import Instead, partial, requested, satisfy, unsatisfied

_SHAPING = frozenset({b"if-none-match", b"if-modified-since", b"range"})


class Shown(NamedTuple):
    """What is sent. not_modified: as 304, without its body."""

    entry: Entry
    not_modified: bool = False


def shown(entry: Entry, request: Request, boundary: bytes) -> Shown:
    """A stored answer, in the coding in which it is to be sent, as the request wants it (RFC 9110 sections 13, 14).

    boundary: for several parts, made anew for each answer.
    """
    if request.method == b"GET" and not request.fields.any_of(_SHAPING):
        return Shown(entry)
    fields = Fields(entry.fields)
    if evaluate(request, fields, entry.status, entry.stored_at) is Verdict.NOT_MODIFIED:
        return Shown(replace(entry, head=head(304, b"Not Modified", not_modified_fields(fields))), True)
    if request.method == b"HEAD":
        length = (b"Content-Length", b"%d" % len(entry.body))
        return Shown(replace(entry, head=head(entry.status, entry.reason, (*entry.fields, length))))
    ranges = requested(request)
    if ranges is None or entry.status != 200 or not range_applies(request, fields):
        return Shown(entry)
    parts = satisfy(ranges, len(entry.body))
    if parts is Instead.WHOLE:
        return Shown(entry)
    if parts is Instead.UNSATISFIABLE:
        told = ((b"Content-Range", unsatisfied(len(entry.body))),)
        return Shown(replace(entry, head=head(416, b"Range Not Satisfiable", told), body=b""))
    made = partial(fields, entry.body, parts, boundary)
    return Shown(replace(entry, head=head(206, b"Partial Content", made.fields), body=made.body))
