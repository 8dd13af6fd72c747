"""Variants: what an answer varies on (RFC 9111 section 4.1), and the marker that remembers it under the primary key."""

from dataclasses import replace

from gateway.model.entry import Entry, EntryFlag, head


def marker(entry: Entry, names: tuple[bytes, ...]) -> Entry:
    """A record for the primary key that leads to the variants. It lives as long as the entry it was made for."""
    lines = head(entry.status, entry.reason, tuple((name, b"") for name in names))
    return replace(entry, head=lines, body=b"", coding=b"", timeline=b"", flags=EntryFlag.VARY)


def names(record: Entry) -> tuple[bytes, ...]:
    """The field names that a marker holds."""
    return tuple(name for name, _ in record.fields)
