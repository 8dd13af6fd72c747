"""Entry: one stored answer, and what is needed to decide whether it may be used. Wall-clock seconds."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from gateway.model.fields import Pairs


class EntryFlag:
    """What kind of record this is: bits of a plain int, since IntFlag takes 0.3 us for each look (bench/hit.py)."""

    NONE = 0
    EMPTY = 1  # a null marker: the upstream answered, and had nothing
    STREAM = 2  # the body is a recorded stream
    VARY = 4  # not an answer: `fields` names what the answer varies on (RFC 9111 section 4.1)


UNCHECKED = -1
UNUSED = -2


class Windows(NamedTuple):
    """For how many seconds past its freshness an entry may be served (RFC 5861). One object for many entries."""

    revalidate: float  # while somebody asks anew
    error: float  # if the upstream fails
    validated: float = 0.0  # once the upstream has said that it is still good (RFC 9111 section 4.3)


@dataclass(slots=True)
class Entry:
    """A whole answer as it came from the upstream.

    There may be a million of them, so what could be said in two ways is said in the one that takes less memory: the
    fields as the bytes that each hit sends, and spans of time instead of moments, since many entries share those.

    head: status line and end-to-end field lines as they go on the wire, each with its CRLF: without what is made
    anew for each delivery, without Content-Length (but for an answer to HEAD), without the final empty line.
    coding: the body's Content-Encoding, lower case, b"" for identity.
    fresh_until: Unix seconds. fresh_for: seconds from when it was stored until then.
    version: the ledger version that the worker knew when the upstream call began.
    upstream_seconds: how long the upstream took; what each hit saves.
    timeline: when the parts of a stream came (policy/pacing); b"" where nobody wants to know.
    until, hit_until: how long memory may be trusted, and how long a hit needs no second look (it is trusted, fresh, and
    not to be asked anew early). checked: up to which version no purge names it where it stands; UNCHECKED; or UNUSED:
    not asked lately. Memory's own, never stored.
    """

    head: bytes
    body: bytes
    coding: bytes
    route: str
    fresh_until: float
    fresh_for: float
    stale: Windows
    initial_age: float = 0.0
    tags: tuple[str, ...] = ()
    version: int = 0
    flags: int = EntryFlag.NONE
    upstream_seconds: float = 0.0
    timeline: bytes = b""
    until: float = field(default=0.0, compare=False, repr=False)
    hit_until: float = field(default=0.0, compare=False, repr=False)
    checked: int = field(default=UNUSED, compare=False, repr=False)

    @classmethod
    def of(cls, status: int, reason: bytes, fields: Pairs, body: bytes, **others: Any) -> Self:
        """An entry from the parts of its head; `others` as they are called here."""
        return cls(head(status, reason, fields), body, **others)

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head[9:12])

    @property
    def reason(self) -> bytes:
        """The reason phrase, which may be empty."""
        return self.head[13 : self.head.index(b"\r\n")]

    @property
    def fields(self) -> Pairs:
        """The field lines, read anew each time: hits need them only as they are."""
        pairs = []
        for line in self.head.split(b"\r\n")[1:-1]:
            name, _, value = line.partition(b": ")
            pairs.append((name, value))
        return tuple(pairs)

    @property
    def stored_at(self) -> float:
        """When it was stored, in Unix seconds."""
        return self.fresh_until - self.fresh_for

    @property
    def stale_error_until(self) -> float:
        """Until when it may be served if the upstream fails, in Unix seconds."""
        return self.fresh_until + self.stale.error

    @property
    def expires_at(self) -> float:
        """When the record is of no use to anybody any more, in Unix seconds."""
        return self.fresh_until + max(0.0, *self.stale)


def head(status: int, reason: bytes, fields: Pairs) -> bytes:
    """What `Entry.head` holds. The space after the code stands even without a reason (RFC 9112 section 4)."""
    lines = b"".join([b"%b: %b\r\n" % pair for pair in fields])
    return b"HTTP/1.1 %03d %b\r\n%b" % (status, reason, lines)
