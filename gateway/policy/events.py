"""Events: the bytes of a stream -> its events, however the bytes were cut. No I/O.

Three framings: SSE (WHATWG HTML, section 9.2), one JSON text a line (NDJSON), and data-stream lines (`0:"text"`).
"""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Event(NamedTuple):
    """name: SSE's `event`, a data-stream line's prefix, else b"". data: its text. end: where it ended in the stream."""

    name: bytes
    data: bytes
    end: int


class _Lines:
    """Bytes -> lines, each with the number of bytes up to its end. Line ends: LF, CRLF, CR.

    limit: a line (with what came before it in its event) over so many bytes is given up, and all that follows.
    """

    __slots__ = ("_held", "_limit", "_read", "overflown")

    def __init__(self, limit: int) -> None:
        self._held = b""
        self._limit = limit
        self._read = 0  # bytes of the stream before what is held
        self.overflown = False

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, int]]:
        """Each line that is whole now."""
        if self.overflown:
            return
        data = self._held + piece if self._held else piece
        at = 0
        for found in _LINE_END.finditer(data):
            end = found.end()
            if end == len(data) and data.endswith(b"\r"):
                break  # an LF may follow, and belong to it
            yield data[at : found.start()], self._read + end
            at = end
        self._held = data[at:]
        self._read += at
        if len(self._held) > self._limit:
            self.overflown, self._held = True, b""

    def close(self) -> Iterator[tuple[bytes, int]]:
        """The stream has ended: what is held is a line, too."""
        held, self._held = self._held, b""
        if held:
            self._read += len(held)
            yield held.removesuffix(b"\r"), self._read


class SseReader:
    """Server-sent events. One without data but with a name counts (`event: end`), though browsers drop it."""

    __slots__ = ("_data", "_first", "_lines", "_name", "_size")

    def __init__(self, limit: int) -> None:
        self._lines = _Lines(limit)
        self._first = True
        self._name: bytes | None = None
        self._data: list[bytes] = []
        self._size = 0

    @property
    def overflown(self) -> bool:
        """An event was larger than the limit: nothing more is read."""
        return self._lines.overflown

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Each event that is whole now."""
        for line, end in self._lines.feed(piece):
            yield from self._line(line, end)

    def close(self) -> Iterator[Event]:
        """The stream has ended. An event that lacks only its empty line counts: many services end so."""
        for line, end in self._lines.close():
            yield from self._line(line, end)
        yield from self._line(b"", self._lines._read)

    def _line(self, line: bytes, end: int) -> Iterator[Event]:
        if self._first:
            self._first = False
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line:
            if self._name is not None or self._data:
                yield Event(self._name or b"", b"\n".join(self._data), end)
            self._name, self._data, self._size = None, [], 0
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            self._size += len(value)
            if self._size > self._lines._limit:
                self._lines.overflown = True
                return
            self._data.append(value.removeprefix(b" "))
        elif field == b"event":
            self._name = value.removeprefix(b" ")


class LineReader:
    """A JSON text a line; with `prefixed`, each line's text before its first colon is the event's name."""

    __slots__ = ("_lines", "_prefixed")

    def __init__(self, limit: int, *, prefixed: bool) -> None:
        self._lines = _Lines(limit)
        self._prefixed = prefixed

    @property
    def overflown(self) -> bool:
        """As SseReader.overflown."""
        return self._lines.overflown

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Each event that is whole now."""
        for line, end in self._lines.feed(piece):
            yield from self._line(line, end)

    def close(self) -> Iterator[Event]:
        """The stream has ended; its last line may lack its end."""
        for line, end in self._lines.close():
            yield from self._line(line, end)

    def _line(self, line: bytes, end: int) -> Iterator[Event]:
        if not line.strip():
            return
        name, colon, data = line.partition(b":") if self._prefixed else (b"", b"", b"")
        yield Event(name, data, end) if colon else Event(b"", line, end)


Reader = SseReader | LineReader


def reader(framing: str, limit: int) -> Reader:
    """framing: sse, ndjson or data-stream. limit: bytes of one event."""
    if framing == "sse":
        return SseReader(limit)
    return LineReader(limit, prefixed=framing == "data-stream")
