"""Exchange: one request on its way, and what the parts found out about it. Time is read by the listener only."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Outcome, Reason
from gateway.model.party import Seat
from gateway.model.settings.route import RouteSettings


@dataclass(slots=True)
class Request:
    """A request head, as it came.

    target: the request target's bytes; never decoded, never encoded anew.
    path, query: its parts (query None where there is no `?`); for `*` and authority-form, path is the target.
    authority: the host and port that the request names (from an absolute target, else Host), b"" where none.
    peer: the address of the other end of the connection.
    """

    method: bytes
    target: bytes
    version: tuple[int, int]
    fields: Fields
    path: bytes
    query: bytes | None
    authority: bytes
    scheme: bytes
    peer: str


@dataclass(slots=True)
class Exchange:
    """A request, its body, and its story.

    started: monotonic seconds, when the head was whole. now: Unix seconds at that moment.
    body: the whole body where it was buffered. rest: what is still to come, where it is streamed (then `body`
    holds what had been read before it was clear that it would be).
    readable: `body` is the whole body, and no larger than what a route reads for its key.
    length: the body's length in bytes as announced; None where it is chunked.
    trailers: the request's trailer fields, known at the end of `rest`.
    expects: the client waits for 100 (Continue) before it sends `rest`.
    seat: of an item of a list, which goes the way of a request of its own.
    interim: passes a 1xx answer (status, reason, fields) on to the client at once.
    """

    request: Request
    started: float
    now: float
    body: bytes = b""
    rest: AsyncIterator[bytes] | None = None
    readable: bool = True
    length: int | None = 0
    trailers: Callable[[], Pairs] = tuple
    expects: bool = False
    interim: Callable[[int, bytes, Pairs], None] | None = None

    seat: Seat | None = None

    route: RouteSettings | None = None
    key: bytes | None = None
    outcome: Outcome = Outcome.BYPASS
    reason: Reason | None = None
    rung: str = ""  # of the degrade ladder: "stale", "docs", "static"
    tier: str = ""  # "memory", "disk", "redis": where the entry was found
    stored: bool = False
    collapsed: bool = False
    would: Outcome | None = None  # shadow: what the outcome would have been
    would_save: float = 0.0  # shadow: upstream seconds that a stored answer would have saved
    ttl: float | None = None  # seconds of freshness left, negative when stale
    status: int = 0
    sent: int = 0  # bytes of body sent to the client
    items: int = 0  # of a list: how many were asked for, and how many of them were in a tier
    items_cached: int = 0
    upstream: str = ""
    upstream_seconds: float = 0.0
    saved_seconds: float = 0.0
    fwd: str = ""  # RFC 9211 section 2.2; empty where the request was not forwarded
    fwd_status: int = 0
    trace: bytes = b""
