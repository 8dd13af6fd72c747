"""Job: what a flight works on; and what it comes across that could do in the place of an answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.cache.leases import Lease
from gateway.cache.tiers import Said
from gateway.model.entry import Entry
from gateway.model.exchange import Request
from gateway.model.outcome import Reason
from gateway.pipeline.plan import Rule
from gateway.policy.forms import Form
from gateway.policy.purges import Names
from gateway.policy.streaming import Watch
from gateway.policy.tags import EVERY
from gateway.upstream.call import Call


@dataclass(slots=True, frozen=True)
class OtherForms:
    """A chat's answer in another form does, too. want: the form that was asked for. keys: of the others."""

    want: Form
    keys: tuple[bytes, ...]


@dataclass(slots=True)
class Job:
    """What a flight works on. key: of the entry; primary: before Vary. stale: what memory held, if still usable."""

    rule: Rule
    request: Request
    call: Call
    key: bytes
    primary: bytes
    stale: Entry | None = None
    wanted: bool = True  # somebody waits for it; False: it was opened to renew what has been served
    early: bool = False  # `stale` is fresh still: only a newer entry does
    look: bool = True  # False: an entry in L2 is not good enough (the client wants a new answer)
    lease: bool = True
    keep: bool = True  # False: what comes is compared, and not stored
    status: int = 0  # of the upstream's answer, and what it would be as an entry, stored or not
    answer: Entry | None = None
    forms: OtherForms | None = None
    vary: tuple[bytes, ...] = ()  # what a marker in L2 says that the answer varies on: `key` is a variant's then
    held: Lease | None = None  # it is ours while we ask
    free: bool = False  # no budget is spent on it
    successor: "Job | None" = None  # it was refused at admit, and the flight goes on for another
    doubts: tuple[str, ...] = ()  # the filters (guard/bloom) that say that there is no answer, and do not forbid to ask
    said: dict[bytes, Said] = field(default_factory=dict)  # what the store was asked on the short way already
    version: int = 0  # what was known of purges when its call began
    marker: Entry | None = None  # what led to `key`, where that is a variant's
    refused: Reason | None = None  # why what the tiers had did not do
    apart: bytes = b""  # the flight's key, where nobody but this client may wait for its answer

    @property
    def flight_key(self) -> bytes:
        """By which its flight is known, and given up."""
        return self.apart or self.key

    @property
    def keys(self) -> tuple[bytes, ...]:
        """By which its answer may be purged."""
        return (self.key, self.primary)

    def names(self, tags: tuple[str, ...] = (EVERY,)) -> Names:
        """By what its answer may be purged. tags: its own, where they are known."""
        return Names(self.rule.route.name, self.keys, tags)

    def unlike(self, reason: Reason) -> "Callable[[Job | None], bool]":
        """For whom of those who wait the reason for which this one was refused is none."""
        admit, route = self.rule.admit, self.rule.route
        if not self.wanted:
            return lambda other: other is not None
        if reason is Reason.BUDGET:
            payer = admit.client(self.request, route)
            return lambda other: other is not None and admit.client(other.request, route) != payer
        rank = admit.priority(self.rule.upstream, self.request, route)
        return lambda other: other is not None and admit.priority(self.rule.upstream, other.request, route) < rank


@dataclass(slots=True)
class Standby:
    """What the flight's work has come across so far.

    stale: an entry that may be served if the upstream fails, under `key`, as far as that is known by now; it varies on
    `vary`. watch: who sees the events of the stream that is being received. retrieval: the documents, asked for aside;
    version: what was known of purges when they were.
    """

    key: bytes
    vary: tuple[bytes, ...] = ()
    stale: Entry | None = None
    watch: Watch | None = None
    retrieval: "asyncio.Task[list[Any]] | None" = None
    version: int = 0
