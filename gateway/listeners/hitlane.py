"""Hit lane: hits answered from the bytes of the request, without parsing, tasks or an Exchange.

Only what has been answered before from a tier, whole and for good, is learned: the same bytes on the same listener
always mean the same request, and its credentials are among them. Requests that differ from a known one only in noise
(policy/noise: trace ids and the like) are told by their other lines. Anything else is not for the lane: it says None,
and another does it. What it sends is what the ordinary way sends (listeners/hits).
"""

import re
import time
from collections.abc import Callable

from gateway.listeners import hits
from gateway.listeners.memo import Memo, Resolved
from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.tiers import HitLaneSettings
from gateway.observe.tally import Tally
from gateway.policy.forwarding import PLACE
from gateway.policy.freshness import SKEW

LONGEST = 64 << 10  # a request that is larger takes the ordinary way
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
# What an answer depends on beside the key, by the second or by what the client has.
_DEPENDS = (
    b"if-none-match",
    b"if-modified-since",
    b"if-match",
    b"if-unmodified-since",
    b"if-range",
    b"range",
    b"expect",
)

Peek = Callable[[bytes, float], Entry | None]
Count = Callable[[str, Outcome], Tally]
Seek = Callable[[RouteSettings, bytes, float, Callable[[Entry], bool]], tuple[Entry, str] | None]
Log = Callable[[bytes, str, Resolved, Entry, str, float, float], None]


class HitLane:
    """One worker's.

    peek: key, Unix seconds -> what memory has. seek: what another tier has at once (`pipeline.recall`).
    count: where a route's outcome is tallied. timing: Server-Timing.
    log: told of each hit while somebody listens: request bytes, peer, resolved, entry, tier, Unix seconds, duration.
    """

    def __init__(
        self,
        settings: HitLaneSettings,
        peek: Peek,
        seek: Seek,
        count: Count,
        noise: frozenset[bytes],
        timing: bool,
        log: Log | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._peek = peek
        self._seek = seek
        self._count = count
        self._noise = noise
        self._timing = timing
        self.log = log
        self._clock = clock
        self._monotonic = monotonic
        self._memo = Memo(settings.max_bytes)
        self._folded = Memo(settings.max_bytes)

    def forget(self, noise: frozenset[bytes], timing: bool) -> None:
        """Routes have changed, and with them what requests mean."""
        self._noise = noise
        self._timing = timing
        self._memo.clear()
        self._folded.clear()

    def answer(self, data: bytes, peer: str) -> tuple[bytes, bytes] | None:
        """Head and body for a request that is all of `data`, or None: not for the lane."""
        began = self._monotonic()
        resolved = self._memo.get(data)
        if resolved is None:
            resolved = self._among_known(data)
            if resolved is None:
                return None
        now = self._clock()
        entry, tier = self._peek(resolved.key, now), "memory"
        if entry is None:
            found = self._seek(resolved.route, resolved.key, now, resolved.fits)
            if found is None:
                return None
            entry, tier = found
        if (
            now >= entry.fresh_until
            or entry.fresh_until - entry.fresh_for - now > SKEW  # a clock was set back: freshness.classify
            or not resolved.fits(entry)
        ):
            return None
        tally = resolved.empties if entry.flags & EntryFlag.EMPTY else resolved.hits
        tally.requests += 1
        tally.sent += len(entry.body)
        tally.saved += entry.upstream_seconds
        head = hits.head(entry, now, self._timing)
        duration = self._monotonic() - began
        tally.duration.add(duration)
        if self.log is not None:
            self.log(data, peer, resolved, entry, tier, now, duration)
        return head, entry.body

    def _among_known(self, data: bytes) -> Resolved | None:
        """The request that differs from this one in noise only. Bytes that come twice are known as they are."""
        if not self._settings.fold or len(data) > LONGEST:
            return None
        folded = self._fold(data)
        resolved = self._folded.get(folded) if folded is not None else None
        if resolved is not None:
            if resolved.last == data:
                self._memo.put(data, resolved)
            else:
                resolved.last = data
        return resolved

    def _fold(self, data: bytes) -> bytes | None:
        """The request without its noise; None where a noisy line is none that may stand in a header."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return None
        noise = self._noise
        kept = []
        for line in data[:end].split(b"\r\n"):
            colon = line.find(b":")
            if line[:colon].lower() not in noise:
                kept.append(line)
            elif _VALUE.fullmatch(line, colon) is None:
                return None
        kept.append(data[end:])
        return b"\r\n".join(kept)

    def learn(self, data: bytes, x: Exchange, entry: Entry) -> None:
        """`data` was one whole request, and was answered with `entry` from a tier."""
        assert x.key is not None
        assert x.route is not None
        if not self._settings.memo or len(data) > LONGEST or _depends(x):
            return
        name = x.route.name
        counts = self._count(name, Outcome.HIT), self._count(name, Outcome.EMPTY)
        resolved = Resolved(x.key, x.route, entry.coding, *counts)
        folded = self._fold(data) if self._settings.fold else None
        if folded is not None and self._folded.get(folded) is None:
            resolved.last = data
            self._folded.put(folded, resolved)
        else:
            self._memo.put(data, resolved)


def _depends(x: Exchange) -> bool:
    """What is answered depends on more than the entry: on its age, on what the client has already, or, where URIs are
    keys, on whether a peer is trusted to tell its client's (`Forwarding.as_sent`).
    """
    fields = x.request.fields
    if x.route is None or any(name in fields for name in _DEPENDS):
        return True
    cache = x.route.cache
    if cache.rules == "http" and fields.any_of(PLACE):
        return True
    return cache.request_directives == "respect" and (b"cache-control" in fields or b"pragma" in fields)
