"""Entry: one stored answer, and what is needed to decide whether it may be used. Wall-clock seconds."""

from dataclasses import dataclass, field
from enum import IntFlag

from gateway.model.fields import Pairs


class EntryFlag(IntFlag):
    """What kind of record this is."""

    NONE = 0
    EMPTY = 1  # a null marker: the upstream answered, and had nothing
    STREAM = 2  # the body is a recorded stream
    VARY = 4  # not an answer: `fields` names what the answer varies on (RFC 9111 section 4.1)


@dataclass(slots=True)
class Entry:
    """A whole answer as it came from the upstream.

    fields: end-to-end header fields only, without those that are made anew for each delivery.
    coding: the body's Content-Encoding, lower case, b"" for identity.
    stored_at <= fresh_until <= stale_while_until, stale_error_until: Unix seconds.
    version: the ledger version that the worker knew when the upstream call began.
    upstream_seconds: how long the upstream took; what each hit saves.
    head: the status line and fields prebuilt for delivery; made by who puts it into memory, never stored.
    until, used: how long memory may be trusted, and whether it was asked lately; memory's own, never stored.
    """

    status: int
    reason: bytes
    fields: Pairs
    body: bytes
    coding: bytes
    route: str
    stored_at: float
    fresh_until: float
    stale_while_until: float
    stale_error_until: float
    initial_age: float = 0.0
    tags: tuple[str, ...] = ()
    version: int = 0
    flags: EntryFlag = EntryFlag.NONE
    upstream_seconds: float = 0.0
    head: bytes = field(default=b"", compare=False, repr=False)
    until: float = field(default=0.0, compare=False, repr=False)
    used: bool = field(default=False, compare=False, repr=False)

    @property
    def expires_at(self) -> float:
        """When the record is of no use to anybody any more, in Unix seconds."""
        return max(self.fresh_until, self.stale_while_until, self.stale_error_until)
