"""Ladder: what a route gives in the place of an answer that is late, or failed, or was not to be had. No I/O, no clock.

The rungs stand in the order in which the route names them; whoever climbs takes the first that is there.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from gateway.model.entry import Entry
from gateway.model.fields import Pairs
from gateway.model.settings.degrade import RetrievalSettings, Rung
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.stated import StatedAnswer
from gateway.policy.document import Document
from gateway.policy.documents import Documents, body_of
from gateway.policy.freshness import Verdict, classify
from gateway.policy.pointer import compile_pointer
from gateway.policy.standin import StandIn
from gateway.policy.template import NOTHING, json_template, placeholders, plain_template

WORDS = ("documents", "text", "now")
"""What may stand in braces in the template of documents: the list, their text, the time in Unix seconds."""

ASKED = ("query",)
"""The same for how documents are asked for: the question, as `shape.query` leads to it, of several the last."""

# Nobody on the way may take it for the answer.
_NOT_STORED: Pairs = ((b"Cache-Control", b"no-store"),)


class Ladder:
    """One route's `degrade`, compiled.

    after: seconds from the request until something is climbed for; None: only where there is no answer.
    hedge_at: seconds from the request until documents are asked for. remember: seconds; 0: not at all.
    """

    __slots__ = ("_docs", "_shown", "_static", "after", "hedge_at", "remember", "request", "rungs")

    def __init__(self, route: RouteSettings) -> None:
        settings = route.degrade
        docs = settings.docs
        self.rungs: tuple[Rung, ...] = settings.ladder
        self.after = settings.after or None
        climbs = "docs" in self.rungs
        self.remember = docs.remember if climbs else 0.0
        self.request = (
            RetrievalRequest(docs.request, route.shape.query) if climbs and docs.request is not None else None
        )
        self.hedge_at = self._hedge(docs.hedge_at)
        self._docs = Documents(None, docs.text)
        self._shown = StandIn(route, docs.answer or StatedAnswer(body=body_of(route.shape)), WORDS, fields=_NOT_STORED)
        self._static = StandIn(route, settings.static, fields=_NOT_STORED) if settings.static is not None else None

    def _hedge(self, stated: float | None) -> float | None:
        if self.after is None or not (self.request or self.remember):
            return None
        return min(self.after / 2 if stated is None else stated, self.after)

    def holds(self, stale: bool) -> bool:
        """Whether anything may stand in. stale: there is an entry that may be served if the upstream fails."""
        return any(stale or rung != "stale" for rung in self.rungs)

    def certain_below_docs(self) -> bool:
        """Whether there is always something below the documents, so that nobody waits for them in vain."""
        return self._static is not None and "static" in self.rungs[self.rungs.index("docs") :]

    def documents(self, asked: Document, found: Sequence[Any], now: float, *, streams: bool | None) -> Entry | None:
        """Documents as an answer; None where it is not stated in the form that is asked for. now: Unix seconds."""
        said = {"documents": found, "text": self._docs.text(found), "now": int(now)}
        return self._shown.entry(asked, now, streams=streams, said=said)

    def static(self, asked: Document, now: float, *, streams: bool | None) -> Entry | None:
        """The stated answer; None where there is none in the form that is asked for."""
        return None if self._static is None else self._static.entry(asked, now, streams=streams)


def serves(entry: Entry, now: float) -> bool:
    """Whether a stale entry may be served because there is nothing better (RFC 5861 section 4)."""
    return now <= entry.stale_error_until and classify(entry, now) is not Verdict.EXPIRED


class RetrievalRequest:
    """How documents are asked for: `docs.request`, compiled. query: where the question stands, `shape.query`."""

    __slots__ = ("_body", "_needs", "_path", "_query", "documents", "settings")

    def __init__(self, settings: RetrievalSettings, query: str | None) -> None:
        self.settings = settings
        self.documents = Documents(settings.documents)
        self._path = plain_template(settings.path, lambda text: quote(text, safe=""), ASKED)
        self._body = None if settings.body is None else json_template(settings.body, ASKED)
        stated = placeholders(settings.path, ASKED) | placeholders(settings.body, ASKED)
        self._needs = [compile_pointer(pointer) for pointer in sorted(stated - set(ASKED))]
        self._query = compile_pointer(query or "") if "query" in stated else None

    def fill(self, value: Any) -> tuple[bytes, bytes | None] | None:
        """Target and body for a request's JSON value; None where it lacks a member that is named."""
        said = NOTHING
        if self._query is not None:
            found = [text for text in map(as_text, self._query.find(value)) if text]
            if not found:
                return None
            said = {"query": found[-1]}
        if not all(pointer.find(value) for pointer in self._needs):
            return None
        try:
            body = None if self._body is None else self._body(value, said)
        except TypeError:  # nested too deep for JSON
            return None
        return self._path(value, said).encode(), body


def as_text(said: Any) -> str:
    """What somebody has asked: a text, or the texts among the parts of a message."""
    if isinstance(said, list):
        parts = (part.get("text") for part in said if isinstance(part, dict))
        return "\n".join(part for part in parts if isinstance(part, str))
    return said if isinstance(said, str) else ""
