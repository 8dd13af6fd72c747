"""Presenting: a stored answer in a form that this client takes."""

from dataclasses import replace

from gateway.model.entry import Entry, head
from gateway.model.exchange import Request
from gateway.policy.coding import decode, takes


def presentable(entry: Entry, request: Request, limit: int) -> Entry | None:
    """The entry itself, or decoded where the client takes not its coding; None where we cannot decode it.

    limit: bytes of decoded body at most. A decoded body is another representation, so that a strong entity tag
    becomes a weak one (RFC 9110 section 8.8.1).
    """
    if takes(request, entry.coding):
        return entry
    body = decode(entry.body, entry.coding, limit)
    if body is None:
        return None
    fields = tuple(
        (name, b"W/" + value if name.lower() == b"etag" and not value.startswith(b"W/") else value)
        for name, value in entry.fields
        if name.lower() != b"content-encoding"
    )
    return replace(entry, head=head(entry.status, entry.reason, fields), body=body, coding=b"")
