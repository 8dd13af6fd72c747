"""Answers: what the pipeline hands to a listener for delivery. Closed set."""

from dataclasses import dataclass, field
from http import HTTPStatus

from gateway.model.entry import Entry
from gateway.model.errors import Shed, UpstreamError
from gateway.model.exchange import Exchange
from gateway.model.fields import Pairs
from gateway.model.outcome import Outcome
from gateway.pipeline.recording import Recording
from gateway.policy.queueing import retry_after
from gateway.upstream.reply import Reply


@dataclass(slots=True)
class FromEntry:
    """A stored answer. not_modified: the client has it already (304).

    known: it was fresh in memory under the request's own key and is sent as it is, so that a request of the same
    bytes can have it without being read, as long as it stays so.
    """

    entry: Entry
    not_modified: bool = False
    known: bool = False


@dataclass(slots=True)
class FromRecording:
    """An answer that has been, or is being, received for several."""

    recording: Recording


@dataclass(slots=True)
class FromReply:
    """An answer for this client alone, streamed as it comes. `prefix`: what was read of its body already."""

    reply: Reply
    prefix: bytes = b""


@dataclass(slots=True)
class Problem:
    """No answer: a problem document (RFC 9457). close: the connection serves nothing further."""

    status: int
    title: str
    detail: str
    members: dict[str, str] = field(default_factory=dict)
    fields: Pairs = ()
    close: bool = False


def failure(exc: UpstreamError) -> Problem:
    """What a client is told about an upstream that failed."""
    seconds = retry_after(exc.seconds) if isinstance(exc, Shed) else exc.retry_after
    later: Pairs = () if seconds is None else ((b"Retry-After", b"%d" % seconds),)
    title = HTTPStatus(exc.status).phrase
    return Problem(exc.status, title, f"upstream {exc.upstream}: {exc.detail}", {"upstream": exc.upstream}, later)


def failed(x: Exchange, exc: UpstreamError) -> Problem:
    """`failure`, and the story of a request that ends so."""
    x.outcome, x.reason, x.upstream = Outcome.ERROR, exc.reason, exc.upstream
    if isinstance(exc, Shed):  # nobody was asked
        x.outcome, x.fwd, x.collapsed = Outcome.SHED, "", False
    return failure(exc)


Answer = FromEntry | FromRecording | FromReply | Problem
