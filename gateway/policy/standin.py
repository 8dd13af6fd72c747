"""Stand-in: an answer that an operator has stated, in the place of the upstream's, in the form that a client reads.

No I/O. An answer that was stored for somebody else is never used for it.
"""

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus

from gateway.model.entry import Entry, EntryFlag, Windows
from gateway.model.fields import Pairs
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.stated import StatedAnswer, StatedEvent
from gateway.policy.document import Document
from gateway.policy.forms import Form, asked_form, converted
from gateway.policy.template import NOTHING, Said, Template, json_template, text_template

_NO_WINDOWS = Windows(0.0, 0.0)
# Of streams, by their framing.
_HEADS: dict[str, Pairs] = {
    "sse": ((b"Content-Type", b"text/event-stream; charset=utf-8"),),
    "ndjson": ((b"Content-Type", b"application/x-ndjson"),),
    "data-stream": ((b"Content-Type", b"text/plain; charset=utf-8"), (b"X-Vercel-AI-Data-Stream", b"v1")),
}


class StandIn:
    """One stated answer of one route, compiled. words: that may stand in braces, too. fields: of its head."""

    __slots__ = (
        "_answer",
        "_both",
        "_events",
        "_fields",
        "_fill",
        "_flags",
        "_framing",
        "_is_stream",
        "_limit",
        "_name",
    )

    def __init__(
        self,
        route: RouteSettings,
        answer: StatedAnswer,
        words: Sequence[str] = (),
        *,
        flags: int = EntryFlag.NONE,
        fields: Pairs = (),
    ) -> None:
        self._answer = answer
        self._name, self._limit, self._both = route.name, route.cache.max_body, route.stream.both_forms
        self._flags, self._fields = flags, fields
        self._is_stream = answer.content_type.lower().startswith("text/event-stream")
        self._framing = "sse" if route.stream.framing in ("auto", "opaque") else route.stream.framing
        self._events = tuple(_event(event, self._framing, words) for event in answer.events)
        self._fill: Template
        if answer.body is None:
            self._fill = text_template("")
        elif "json" in answer.content_type.lower():
            self._fill = json_template(answer.body, words)
        else:
            self._fill = text_template(str(answer.body), words)

    def entry(self, document: Document, now: float, *, streams: bool | None, said: Said = NOTHING) -> Entry | None:
        """As if it were stored, and of age 0 at `now`. None where it is not stated in the form that is asked for.

        streams: whether the client reads events (policy/streaming); None: nobody knows, and it gets what is stated.
        """
        try:
            return self._in_form(document, now, self._is_stream if streams is None else streams, said)
        except TypeError:  # what is to be put in is nested too deep for JSON
            return None

    def _in_form(self, document: Document, now: float, streams: bool, said: Said) -> Entry | None:
        """A client that reads events must not be given a plain answer, nor the other way round."""
        form = asked_form(document.value) if document.is_json else None
        if self._both and document.is_json and form is None:
            return None
        if streams and self._events:
            return self._made(_HEADS[self._framing], b"".join(_filled(self._events, document, said)), now, stream=True)
        if self._is_stream and not streams:
            return None
        head = ((b"Content-Type", self._answer.content_type.encode()),)
        entry = self._made(head, self._fill(document.value, said), now, stream=self._is_stream)
        if not streams or self._is_stream:
            return entry
        return converted(entry, form, self._limit) if form in (Form.STREAM, Form.STREAM_WITH_USAGE) else None

    def _made(self, head: Pairs, body: bytes, now: float, *, stream: bool) -> Entry:
        return Entry.of(
            self._answer.status,
            _phrase(self._answer.status),
            (*head, *self._fields),
            body,
            coding=b"",
            route=self._name,
            fresh_until=now,
            fresh_for=0.0,
            stale=_NO_WINDOWS,
            flags=self._flags | (EntryFlag.STREAM if stream else EntryFlag.NONE),
        )


def _event(event: StatedEvent, framing: str, words: Sequence[str]) -> tuple[Template, Callable[[bytes], bytes]]:
    """What it says, and how that is put on the wire."""
    fill = text_template(event.data, words) if isinstance(event.data, str) else json_template(event.data, words)
    name = (event.event or "").encode()
    match framing:
        case "ndjson":
            return fill, lambda data: data + b"\n"
        case "data-stream":
            return fill, lambda data: b"%b:%b\n" % (name, data)
    line = b"event: %b\n" % name if name else b""
    return fill, lambda data: line + b"".join(b"data: %b\n" % part for part in data.split(b"\n")) + b"\n"


def _filled(
    events: Iterable[tuple[Template, Callable[[bytes], bytes]]], document: Document, said: Said
) -> Iterable[bytes]:
    return (framed(fill(document.value, said)) for fill, framed in events)


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
