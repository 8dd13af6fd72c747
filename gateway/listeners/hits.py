"""Hits: the head of an answer that is given at once, on a connection that stays open. One place makes it for all ways.

The entry holds its fields as they go on the wire; its length, its age and what is left of its life are put behind.
"""

from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Exchange
from gateway.policy import freshness
from gateway.policy.cachestatus import cache_status

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


def rejection(entry: Entry, x: Exchange, seconds: float, timing: bool) -> bytes:
    """The same for a request that a filter rejects. seconds: that it took."""
    length = _LENGTH % len(entry.body) if entry.status != 204 else b""
    spent = b'Server-Timing: ragfront;desc="%b";dur=%.1f\r\n' % (x.outcome.encode(), seconds * 1000) if timing else b""
    return b"%b%bAge: 0\r\nCache-Status: %b\r\n%b\r\n" % (entry.head, length, cache_status(x), spent)
