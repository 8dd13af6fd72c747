"""Pacing: when to send which part of a stored stream, so that it reads as if it were being made. No I/O, no clock."""

import struct
from collections.abc import Iterator

from gateway.model.entry import Entry
from gateway.model.fields import Fields
from gateway.policy.events import reader
from gateway.policy.streaming import Framing, framing_of

_MARK = struct.Struct("<II")
_MOST_MARKS = 16_384  # what comes after is one part
_LONGEST = 0xFFFFFFFF

Beat = tuple[float, bytes]
"""Seconds since the stream's begin, and the bytes that are due then."""


class Timeline:
    """When the parts of a stream came. As bytes: for each its end, and milliseconds since the first, 32 bits each."""

    __slots__ = ("_marks", "_started")

    def __init__(self) -> None:
        self._marks: list[tuple[int, int]] = []
        self._started = 0.0

    def mark(self, end: int, now: float) -> None:
        """A part came. end: bytes of the stream up to its end. now: seconds of any clock."""
        if not self._marks:
            self._started = now
        at = min(_LONGEST, max(0, round((now - self._started) * 1000)))
        if self._marks and (self._marks[-1][1] == at or len(self._marks) == _MOST_MARKS):
            self._marks.pop()
        self._marks.append((min(end, _LONGEST), at))

    def packed(self) -> bytes:
        """For `Entry.timeline`."""
        return b"".join(_MARK.pack(*mark) for mark in self._marks)


def beats(entry: Entry, pace: str, framing: str) -> Iterator[Beat]:
    """The parts of a stored stream, in order; together they are its body.

    pace: `recorded`, or so many events a second, as `50/s`; framing: what the route states.
    """
    at = 0
    for seconds, end in _recorded(entry) if pace == "recorded" else _even(entry, pace, framing):
        if at < end <= len(entry.body):
            yield seconds, entry.body[at:end]
            at = end
    if at < len(entry.body):
        yield 0.0, entry.body[at:]


def _recorded(entry: Entry) -> Iterator[tuple[float, int]]:
    whole = len(entry.timeline) // _MARK.size * _MARK.size
    for end, milliseconds in _MARK.iter_unpack(entry.timeline[:whole]):
        yield milliseconds / 1000, end


def _even(entry: Entry, pace: str, framing: str) -> Iterator[tuple[float, int]]:
    kind = framing_of(Fields(entry.fields), framing)
    if kind in (Framing.NONE, Framing.UNREADABLE):
        return
    events = reader(kind.value, len(entry.body) + 1)
    rate = int(pace.removesuffix("/s"))
    for number, event in enumerate((*events.feed(entry.body), *events.close())):
        yield number / rate, event.end
