"""Parse lane: a request that is whole in one piece is looked up before anything is set up for it.

It has been read by the same reader as every other, so nothing can be read differently here. What cannot be answered
on the spot, from memory or from a store that does not suspend, goes the ordinary way, and takes along what was found
out about it.
"""

import time
from collections.abc import Callable

from gateway.listeners import hits
from gateway.listeners.hitlane import LONGEST, HitLane
from gateway.model.exchange import Exchange, Request
from gateway.model.outcome import Outcome
from gateway.pipeline.handle import Pipeline
from gateway.pipeline.question import Question
from gateway.policy.hops import persistent
from gateway.wire.intake import Body


class Asked:
    """A request on the ordinary way whose body has been taken. question: what was found out about it."""

    __slots__ = ("question", "x")

    def __init__(self, x: Exchange, question: Question | None = None) -> None:
        self.x = x
        self.question = question


class ParseLane:
    """One worker's.

    tell: told of each hit, with its duration. lane: learns what was answered, if there is one.
    wall: Unix seconds. monotonic: seconds.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        tell: Callable[[Exchange, float], None],
        lane: HitLane | None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pipeline = pipeline
        self._tell = tell
        self._lane = lane
        self._wall = wall
        self._monotonic = monotonic
        self._largest = pipeline.plan.settings.limits.body or LONGEST

    def ask(self, request: Request, body: Body, raw: bytes | None) -> tuple[bytes, bytes] | Asked | Request:
        """Head and body of the answer; or what goes on the ordinary way.

        raw: the request's bytes, where they came as one piece.
        """
        length = body.framing
        if not (isinstance(length, int) and body.is_eof() and length <= LONGEST and length <= self._largest):
            return request
        if request.method == b"HEAD" or not persistent(request) or b"expect" in request.fields:
            return request
        if length > self._pipeline.plan.needs_body(request):
            return request
        taken = body.read_nowait() if length else b""
        x = Exchange(request, self._monotonic(), self._wall(), body=taken, length=length)
        try:
            question, entry = self._pipeline.recall(x)
        except Exception:
            return Asked(x)  # a bug: the ordinary way meets it again, and knows how to tell of it
        if entry is None:
            return Asked(x, question)
        timing = question.plan.settings.server_timing
        if x.outcome is Outcome.REJECTED:
            head = hits.rejection(entry, x, self._monotonic() - x.started, timing)
        else:
            head = hits.head(entry, x.now, timing)
        x.status, x.sent = entry.status, len(entry.body)
        self._tell(x, self._monotonic() - x.started)
        if raw is not None and self._lane is not None and _known_by_key(x, question):
            self._lane.learn(raw, x, entry)
        return head, entry.body


def _known_by_key(x: Exchange, question: Question) -> bool:
    """Whether the same bytes will be answered again with no more than the key: no filter has a say before the tier."""
    filtered = question.rule is not None and question.rule.bloom is not None and x.tier != "memory"
    return x.key == question.key and not filtered
