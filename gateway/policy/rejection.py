"""Rejection: the answer of a route to a question that cannot have one. No I/O."""

from gateway.model.entry import Entry, EntryFlag
from gateway.model.outcome import Reason
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.stated import StatedAnswer
from gateway.policy.document import Document
from gateway.policy.standin import StandIn

_PROBLEM = StatedAnswer(
    status=404,
    content_type="application/problem+json",
    body={
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no answer to this question",
        "reason": "{reason}",
    },
)


class Rejection:
    """One route's `empty.answer`, compiled; a problem (RFC 9457) where none is stated in the form asked for."""

    __slots__ = ("_problem", "_stated")

    def __init__(self, route: RouteSettings) -> None:
        answer = route.empty.answer
        self._stated = None if answer is None else StandIn(route, answer, flags=EntryFlag.EMPTY)
        self._problem = StandIn(route, _PROBLEM, ("reason",), flags=EntryFlag.EMPTY)

    def entry(self, document: Document, now: float, reason: Reason, *, streams: bool | None) -> Entry:
        """As if it were stored, and of age 0 at `now`. streams: whether the client reads events; None: nobody knows."""
        stated = None if self._stated is None else self._stated.entry(document, now, streams=streams)
        if stated is not None:
            return stated
        problem = self._problem.entry(document, now, streams=None, said={"reason": reason})
        assert problem is not None
        return problem
