"""Call: what to send to an upstream, and how it may be sent."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from gateway.model.fields import Pairs
from gateway.model.party import Seat
from gateway.wire.head import ResponseHead

Interim = Callable[[ResponseHead], None]


@dataclass(slots=True)
class Call:
    """What to send. `fields` gets the replica's authority. `body` is sent first, then `rest` as it comes.

    chunked: `rest` has no announced length. trailers: asked for at the end of `rest`.
    repeatable: may be sent again where no byte of an answer came (the method or the route says so).
    interim: told of each 1xx but 101. expects: send the body after 100 (Continue).
    upgrade: `fields` ask for another protocol; an upstream that changes it unasked has failed.
    seat: of an item of a list; see `batch`.
    affinity: calls that have this alike should meet at one replica.
    aside: over connections of their own, so that it does not wait behind calls that hang.
    """

    method: bytes
    target: bytes
    fields: Callable[[bytes], Pairs]
    body: bytes = b""
    rest: AsyncIterator[bytes] | None = None
    chunked: bool = False
    trailers: Callable[[], Pairs] = field(default=tuple)
    repeatable: bool = False
    expects: bool = False
    interim: Interim | None = None
    upgrade: bool = False
    seat: Seat | None = None
    affinity: bytes | None = None
    aside: bool = False
