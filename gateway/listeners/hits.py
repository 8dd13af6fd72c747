"""Hits: the head of a fresh stored answer, for a connection that stays open. One place makes it for both ways.

The entry holds its fields as they go on the wire; its length, its age and what is left of its life are put behind.
"""

from gateway.model.entry import Entry, EntryFlag
from gateway.policy import freshness

_LENGTH = b"Content-Length: %d\r\n"
_LINES = b"%b" + _LENGTH + b"Age: %d\r\nCache-Status: ragfront; hit; ttl=%d\r\n"
_TOLD = _LINES + b"\r\n"
_TIMED = _LINES + b'Server-Timing: ragfront;desc="hit"\r\n\r\n'
_TIMED_EMPTY = _LINES + b'Server-Timing: ragfront;desc="empty"\r\n\r\n'


def head(entry: Entry, now: float, timing: bool) -> bytes:
    """The head's bytes. now: Unix seconds. timing: with Server-Timing."""
    form = _TOLD if not timing else _TIMED_EMPTY if entry.flags & EntryFlag.EMPTY else _TIMED
    length, age, ttl = len(entry.body), freshness.age(entry, now), freshness.ttl(entry, now)
    if length or entry.status != 204:
        return form % (entry.head, length, age, ttl)
    return form.replace(_LENGTH, b"") % (entry.head, age, ttl)
